import type { KeyPair } from '../database.ts';
import type { Server } from './connect.ts';
import { ER, errorNumber, query, using } from './connect.ts';
import { ident, literal, tableIdent } from './identifiers.ts';
import { identities } from './identities.ts';

/** How often an insert is told that it waits in a circle before that is told on. */
const TRIES = 20;

/** Translated keys belong to no migration and outlive each, so the table is made when the first pair is. */
const TABLE = `CREATE TABLE IF NOT EXISTS strangler_key (
  space VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  monolith DECIMAL(20, 0) NOT NULL,
  service VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (space, monolith),
  UNIQUE KEY key_by_service (space, service)) ENGINE = InnoDB`;

/** @see Database.findKeys */
export async function findKeys(
  server: Server,
  space: string,
  side: keyof KeyPair,
  keys: readonly string[],
): Promise<KeyPair[]> {
  if (keys.length === 0) return [];
  const list = keys.map((key) => (side === 'monolith' ? String(BigInt(key)) : literal(key))).join(', ');
  try {
    const rows = await query(
      server,
      `SELECT monolith, service FROM strangler_key WHERE space = ${literal(space)} AND ${side} IN (${list})`,
    );
    return rows.map(([monolith, service]) => ({ monolith: monolith ?? '', service: service ?? '' }));
  } catch (error) {
    if (errorNumber(error) === ER.NO_SUCH_TABLE) return [];
    throw error;
  }
}

/** @see Database.addKeys */
export async function addKeys(server: Server, space: string, pairs: readonly KeyPair[]): Promise<void> {
  if (pairs.length === 0) return;
  const values = pairs.map(
    (pair) => `(${literal(space)}, ${BigInt(pair.monolith)}, ${literal(pair.service)})`,
  );
  await using(server, async (session) => {
    await session.run(TABLE);
    // Not INSERT IGNORE: that would cut what is too long, and say nothing.
    await untilNotInCircle(() =>
      session.run(
        `INSERT INTO strangler_key (space, monolith, service) VALUES ${values.join(', ')}
         ON DUPLICATE KEY UPDATE space = strangler_key.space`,
      ),
    );
  });
}

/**
 * A row that is there already is locked with the gap before it, in each of the two indexes: those who add at the same
 * time can wait for each other in a circle, in whatever order they do it. Of each circle one goes on.
 */
async function untilNotInCircle(insert: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await insert();
      return;
    } catch (error) {
      if (errorNumber(error) !== ER.DEADLOCK || tries === TRIES) throw error;
    }
  }
}

/** @see Database.forgetKeys */
export async function forgetKeys(server: Server, spaces: readonly string[]): Promise<number> {
  if (spaces.length === 0) return 0;
  try {
    return await using(server, async (session) => {
      const list = spaces.map(literal).join(', ');
      const [removed] = await session.run(`DELETE FROM strangler_key WHERE space IN (${list})`);
      const [other] = await session.rows('SELECT 1 FROM strangler_key LIMIT 1');
      if (!other) await session.run('DROP TABLE strangler_key');
      return removed?.affectedRows ?? 0;
    });
  } catch (error) {
    if (errorNumber(error) === ER.NO_SUCH_TABLE) return 0;
    throw error;
  }
}

/**
 * Nothing here gives out numbers but the counter of the table, which only an insert moves. The monolith's writers are
 * fenced while numbers are made here, so the next free ones are taken: above the counter, the rows and the pairs.
 *
 * @see Database.newNumbers
 */
export async function newNumbers(
  server: Server,
  space: string,
  { table, column }: { table: string; column: string },
  count: number,
): Promise<string[]> {
  const counted = (await identities(server, table)).get(column) ?? 0n;
  const [inTable] = await query(
    server,
    `SELECT COALESCE(MAX(${ident(column)}), 0) FROM ${tableIdent(table)}`,
  );
  const [paired] = await using(server, async (session) => {
    await session.run(TABLE);
    return session.rows(
      `SELECT COALESCE(MAX(monolith), 0) FROM strangler_key WHERE space = ${literal(space)}`,
    );
  });
  const floor = [counted, BigInt(inTable?.[0] ?? 0), BigInt(paired?.[0] ?? 0)].reduce((a, b) =>
    a > b ? a : b,
  );
  return Array.from({ length: count }, (_, i) => String(floor + BigInt(i) + 1n));
}
