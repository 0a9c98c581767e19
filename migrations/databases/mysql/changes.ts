import type { Change, Pending, Text } from '../database.ts';
import { query, transaction, using } from './connect.ts';
import type { Server, Session } from './connect.ts';
import { keyText, literal } from './identifiers.ts';
import { rowFromJson } from './values.ts';

/** So many changes are taken in one go; what is left is taken by the next. */
const READ_CHANGES = 10_000;
const BATCH_CHANGES = 1000;
/** Of changes in memory at a time, but for one that is larger by itself. */
const BATCH_BYTES = 8 << 20;
const PURGE_ROWS = 1000;

const COLUMNS = 'id, source, op, `key`, `row`';

/** The number of the last batch that is applied. What was said by another kind of database means: none. */
const batchOf = (position: string): string => (/^\d+$/.test(position) ? position : '0');

/**
 * The changes are a queue, for no snapshot can be kept here. Each round takes what is visible and not applied, in order
 * of id, and gives it the number of a new batch. That number is the position: a change with a greater number, or none,
 * was not applied yet. When the round comes to nothing, its changes are taken again with the next.
 *
 * What is visible of one key is the beginning of its changes (see `triggerSql`), and so is what the limit leaves of it.
 *
 * @see Database.readChanges
 */
export async function readChanges(
  server: Server,
  migration: string,
  since: string,
  batch: (changes: Change[]) => Promise<void>,
): Promise<string> {
  const { number, sizes } = await using(server, (session) => take(session, migration, batchOf(since)));
  for (const ids of inBatches(sizes)) {
    const rows = await query(
      server,
      `SELECT ${COLUMNS} FROM strangler_change WHERE id IN (${ids.join(', ')}) ORDER BY id`,
    );
    await batch(rows.map(toChange));
  }
  return number ?? since;
}

interface Taken {
  /** Null when there was nothing to take. */
  number: string | null;
  /** Id and length of each change. */
  sizes: [id: string, bytes: number][];
}

/**
 * Two who read at once take turns: else the later one's number could be saved as applied while the other has still to
 * give a smaller one to a change that only it has seen. Rows are numbered by their ids alone; a search for them
 * would wait for transactions that are still writing.
 */
async function take(session: Session, migration: string, since: string): Promise<Taken> {
  const name = literal(migration);
  const waiting = (which: string): string =>
    `SELECT id, LENGTH(\`key\`) + LENGTH(\`row\`) AS size FROM strangler_change FORCE INDEX (change_by_batch)
     WHERE migration = ${name} AND ${which} ORDER BY id`;
  return transaction(session, async () => {
    const [last] = await session.rows(
      `SELECT batch FROM strangler_read WHERE migration = ${name} FOR UPDATE`,
    );
    // Whatever was in a batch that came to nothing has to be in this one: its number is above theirs.
    const again = await session.rows(waiting(`batch > ${since}`));
    const more = Math.max(0, READ_CHANGES - again.length);
    const rows = [...again, ...(await session.rows(`${waiting('batch IS NULL')} LIMIT ${more}`))].sort(byId);
    if (rows.length === 0) return { number: null, sizes: [] };
    const [given, applied] = [BigInt(last?.[0] ?? 0), BigInt(since)];
    const number = String((given > applied ? given : applied) + 1n);
    const sizes = rows.map(([id, size]): [string, number] => [id ?? '', Number(size)]);
    for (let i = 0; i < sizes.length; i += BATCH_CHANGES) {
      const ids = sizes.slice(i, i + BATCH_CHANGES).map(([id]) => id);
      await session.run(
        `UPDATE strangler_change FORCE INDEX (PRIMARY) SET batch = ${number} WHERE id IN (${ids.join(', ')})`,
      );
    }
    await session.run(`UPDATE strangler_read SET batch = ${number} WHERE migration = ${name}`);
    return { number, sizes };
  });
}

const byId = ([a]: readonly Text[], [b]: readonly Text[]): number =>
  BigInt(a ?? 0) < BigInt(b ?? 0) ? -1 : 1;

function* inBatches(sizes: readonly [id: string, bytes: number][]): Generator<string[]> {
  let ids: string[] = [];
  let bytes = 0;
  for (const [id, size] of sizes) {
    if (ids.length === BATCH_CHANGES || (ids.length > 0 && bytes + size > BATCH_BYTES)) {
      yield ids;
      ids = [];
      bytes = 0;
    }
    ids.push(id);
    bytes += size;
  }
  if (ids.length > 0) yield ids;
}

/** @see Database.pending */
export async function pending(server: Server, migration: string, since: string): Promise<Pending> {
  const name = literal(migration);
  const open = (which: string): string =>
    `(SELECT COUNT(*) AS changes, MIN(id) AS first FROM strangler_change WHERE migration = ${name} AND ${which})`;
  const [row] = await query(
    server,
    `SELECT o.changes, TIMESTAMPDIFF(MICROSECOND, c.at, UTC_TIMESTAMP(6))
     FROM (SELECT SUM(changes) AS changes, MIN(first) AS first
       FROM (${open('batch IS NULL')} UNION ALL ${open(`batch > ${batchOf(since)}`)}) each_of) o
     LEFT JOIN strangler_change c ON c.id = o.first`,
  );
  return { changes: Number(row?.[0] ?? 0), seconds: Math.max(0, Number(row?.[1] ?? 0) / 1e6) };
}

/** @see Database.recentChanges */
export async function recentChanges(server: Server, migration: string, limit: number): Promise<Change[]> {
  const rows = await query(
    server,
    `SELECT ${COLUMNS} FROM strangler_change FORCE INDEX (PRIMARY) WHERE migration = ${literal(migration)}
     ORDER BY id DESC LIMIT ${limit}`,
  );
  return rows.map(toChange);
}

/** @see Database.findChanges */
export async function findChanges(
  server: Server,
  migration: string,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, Change>> {
  if (ids.length === 0) return new Map();
  const rows = await query(
    server,
    `SELECT ${COLUMNS} FROM strangler_change WHERE migration = ${literal(migration)} AND id IN (${ids.join(', ')})`,
  );
  return new Map(rows.map((row) => [BigInt(row[0] ?? 0), toChange(row)]));
}

/** There are no truncations here that would have to be kept: they fire no trigger. */
export const purge = (server: Server, migration: string, position: string): Promise<number> =>
  using(server, (session) => deleteChanges(session, migration, `batch <= ${batchOf(position)}`));

/**
 * Deletes the changes that are committed and for which `which` holds, in pieces. They are searched without locks and
 * then found by their ids: a DELETE that is free to search reads the whole of a small table, and waits for the
 * transactions that are still writing to it. The order of the join leaves it no choice.
 *
 * @returns how many
 */
export async function deleteChanges(session: Session, migration: string, which = 'TRUE'): Promise<number> {
  let deleted = 0;
  for (;;) {
    const ids = await session.rows(
      `SELECT id FROM strangler_change WHERE migration = ${literal(migration)} AND ${which} LIMIT ${PURGE_ROWS}`,
    );
    if (ids.length === 0) return deleted;
    await session.run(
      `DELETE c FROM JSON_TABLE('[${ids.join(', ')}]', '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) d
       STRAIGHT_JOIN strangler_change c FORCE INDEX (PRIMARY) ON c.id = d.id`,
    );
    deleted += ids.length;
  }
}

/** From id, table, operation, key and row. */
export function toChange([id, table, op, key, row]: readonly Text[]): Change {
  return {
    id: id ?? '',
    table: table ?? '',
    op: op === 'd' ? 'delete' : op === 't' ? 'truncate' : 'upsert',
    key: key ? keyText(JSON.parse(key) as string[]) : '',
    row: rowFromJson(row ?? '{}'),
  };
}
