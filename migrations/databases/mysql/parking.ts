import type { Change, ChangedKey, ParkedChange, ParkedKey, Text } from '../database.ts';
import { toChange } from './changes.ts';
import { query } from './connect.ts';
import type { Server, Session } from './connect.ts';
import { keyHash, literal } from './identifiers.ts';

/**
 * Parked changes. A change carries its whole row, so only the newest of a key is ever tried again: it alone has a
 * time for it (`next_try`), and a key has as many of those as it should have: one.
 */
const WAITS = 'waits behind an earlier change of the same key';

const COLUMNS = "p.id, p.source, p.op, p.`key`, p.`row`, p.reason, CONCAT(p.parked_at, '+00')";
const TRUNCATED = keyHash('');
const OPS = { upsert: 'u', delete: 'd', truncate: 't' } as const;
const KEYS = 500;

const toParked = (row: readonly Text[]): ParkedChange => ({
  ...toChange(row),
  reason: row[5] ?? '',
  parkedAt: row[6] ?? '',
});

const isKey = ({ table, key }: ChangedKey): string =>
  `(p.source = ${literal(table)} AND p.key_hash = ${keyHash(key)})`;

/** The parked changes of one migration, in the applier's transaction. */
export class Parking {
  private readonly session: Session;
  private readonly migration: string;

  constructor(session: Session, migration: string) {
    this.session = session;
    this.migration = literal(migration);
  }

  /** Of one key each. */
  async park(changes: readonly Change[], reason = WAITS): Promise<void> {
    for (let i = 0; i < changes.length; i += KEYS) await this.parkSome(changes.slice(i, i + KEYS), reason);
  }

  private async parkSome(changes: readonly Change[], reason: string): Promise<void> {
    const older = changes.map((change) => `(${isKey(change)} AND p.id < ${BigInt(change.id)})`);
    await this.session.run(
      `UPDATE strangler_parked p SET next_try = NULL
       WHERE p.migration = ${this.migration} AND p.next_try IS NOT NULL AND (${older.join(' OR ')})`,
    );
    const newest = new Map((await this.newest(changes)).map((change) => [slotOf(change), BigInt(change.id)]));
    for (const change of changes) {
      const isNewest = (newest.get(slotOf(change)) ?? -1n) <= BigInt(change.id);
      await this.session.run(
        `INSERT INTO strangler_parked
           (migration, source, key_hash, id, op, \`key\`, \`row\`, reason, parked_at, next_try)
         VALUES (${this.migration}, ${literal(change.table)}, ${keyHash(change.key)}, ${BigInt(change.id)},
           '${OPS[change.op]}', ${literal(change.key)}, ${literal(JSON.stringify(change.row))}, ${literal(reason)},
           UTC_TIMESTAMP(6), ${isNewest ? 'UTC_TIMESTAMP(6)' : 'NULL'})
         ON DUPLICATE KEY UPDATE reason = IF(VALUES(reason) = ${literal(WAITS)}, strangler_parked.reason, VALUES(reason))`,
      );
    }
  }

  /** Asked for each batch of changes, so that nobody has to read all that is parked. */
  async among(keys: readonly ChangedKey[]): Promise<ChangedKey[]> {
    const [any] = await this.session.rows(
      `SELECT 1 FROM strangler_parked WHERE migration = ${this.migration} LIMIT 1`,
    );
    if (!any) return [];
    return this.forKeys(
      keys,
      (any) => `SELECT DISTINCT p.source, p.\`key\` FROM strangler_parked p WHERE ${any}`,
    ).then((rows) => rows.map(([table, key]) => ({ table: table ?? '', key: key ?? '' })));
  }

  async due(limit: number): Promise<ParkedChange[]> {
    const rows = await this.session.rows(
      `SELECT ${COLUMNS} FROM strangler_parked p
       WHERE p.migration = ${this.migration} AND p.next_try <= UTC_TIMESTAMP(6)
         AND (p.key_hash = ${TRUNCATED} OR NOT EXISTS (
           SELECT 1 FROM strangler_parked t
           WHERE t.migration = p.migration AND t.source = p.source AND t.key_hash = ${TRUNCATED}))
       ORDER BY p.tries, p.next_try LIMIT ${limit}`,
    );
    return rows.map(toParked);
  }

  async newest(keys: readonly ChangedKey[]): Promise<ParkedChange[]> {
    const rows = await this.forKeys(
      keys,
      (any) =>
        `SELECT ${COLUMNS} FROM strangler_parked p WHERE ${any} AND NOT EXISTS (
           SELECT 1 FROM strangler_parked n WHERE n.migration = p.migration AND n.source = p.source
             AND n.key_hash = p.key_hash AND n.id > p.id)`,
    );
    return rows.map(toParked);
  }

  async postpone({ table, key, id }: Change, reason: string): Promise<void> {
    await this.session.run(
      `UPDATE strangler_parked p SET reason = ${literal(reason)},
         next_try = UTC_TIMESTAMP(6) + INTERVAL LEAST(300, POW(2, LEAST(tries, 9))) SECOND, tries = tries + 1
       WHERE p.migration = ${this.migration} AND ${isKey({ table, key })} AND p.id = ${BigInt(id)}`,
    );
  }

  async unpark({ table, key, id }: Change): Promise<number> {
    const [done] = await this.session.run(
      `DELETE FROM strangler_parked WHERE migration = ${this.migration} AND source = ${literal(table)}
         AND key_hash = ${keyHash(key)} AND id <= ${BigInt(id)}`,
    );
    return done?.affectedRows ?? 0;
  }

  private async forKeys(keys: readonly ChangedKey[], sqlOf: (any: string) => string): Promise<Text[][]> {
    const rows: Text[][] = [];
    for (let i = 0; i < keys.length; i += KEYS) {
      const any = keys
        .slice(i, i + KEYS)
        .map(isKey)
        .join(' OR ');
      rows.push(...(await this.session.rows(sqlOf(`p.migration = ${this.migration} AND (${any})`))));
    }
    return rows;
  }
}

const slotOf = ({ table, key }: ChangedKey): string => `${table} ${key}`;

/** @see Database.parkedChanges */
export async function parkedChanges(
  server: Server,
  migration: string,
  limit: number,
): Promise<ParkedChange[]> {
  const oldest = `SELECT ${COLUMNS} FROM strangler_parked p WHERE p.migration = ${literal(migration)}
    ORDER BY p.id LIMIT ${limit}`;
  return (await query(server, oldest)).map(toParked);
}

/** @see Database.parkedOf */
export async function parkedOf(
  server: Server,
  migration: string,
  key: ChangedKey,
  limit: number,
): Promise<ParkedChange[]> {
  const ofKey = `SELECT ${COLUMNS} FROM strangler_parked p WHERE p.migration = ${literal(migration)} AND ${isKey(key)}
    ORDER BY p.id LIMIT ${limit}`;
  return (await query(server, ofKey)).map(toParked);
}

/** @see Database.parkedKeys */
export async function parkedKeys(
  server: Server,
  migration: string,
  after: ChangedKey | null,
  limit: number,
): Promise<ParkedKey[]> {
  const ofKey = 'o.migration = p.migration AND o.source = p.source AND o.key_hash = p.key_hash';
  const first = (what: string): string =>
    `(SELECT ${what} FROM strangler_parked o WHERE ${ofKey} ORDER BY o.id LIMIT 1)`;
  const rows = await query(
    server,
    `SELECT p.source, p.\`key\`, p.op, ${first("CONCAT(o.parked_at, '+00')")},
       (SELECT COUNT(*) - 1 FROM strangler_parked o WHERE ${ofKey}),
       IF(p.tries = 0, ${first('o.reason')}, p.reason), p.tries
     FROM strangler_parked p
     WHERE p.migration = ${literal(migration)} AND p.next_try IS NOT NULL
       ${after ? `AND (p.source, p.key_hash) > (${literal(after.table)}, ${keyHash(after.key)})` : ''}
     ORDER BY p.source, p.key_hash LIMIT ${limit}`,
  );
  return rows.map(([source, key, op, since, waiting, reason, tries]) => ({
    table: source ?? '',
    key: key ?? '',
    op: toChange(['0', source ?? '', op ?? '', key ?? '', '{}']).op,
    since: since ?? '',
    waiting: Number(waiting),
    reason: reason ?? '',
    tries: Number(tries),
  }));
}

/** How many changes are parked, and of how many keys. */
export async function countParked(
  server: Server,
  migration: string,
): Promise<{ parked: number; parkedKeys: number }> {
  const [row] = await query(
    server,
    `SELECT COUNT(*), COUNT(next_try) FROM strangler_parked WHERE migration = ${literal(migration)}`,
  );
  return { parked: Number(row?.[0] ?? 0), parkedKeys: Number(row?.[1] ?? 0) };
}
