import type pg from 'pg';
import type { Change, Pending, Row } from '../database.ts';
import { query, transaction } from './connect.ts';

const BATCH = 1000;

type ChangeRow = Record<'id' | 'source' | 'op' | 'key' | 'row', string>;

/**
 * Changes that are visible now and were not in the snapshot `$2`. Ids alone lose rows (a lower id can commit
 * later), and ordering by transaction id reorders the changes of one key; the difference of two snapshots, in
 * id order, does neither. The method is that of PgQ.
 */
const UNSEEN = `
FROM strangler.change
WHERE migration = $1 AND txid >= pg_snapshot_xmin($2::pg_snapshot)
  AND NOT pg_visible_in_snapshot(txid, $2::pg_snapshot)`;

/** @see Database.readChanges */
export async function readChanges(
  pool: pg.Pool,
  label: string,
  migration: string,
  since: string,
  batch: (changes: Change[]) => Promise<void>,
): Promise<string> {
  return transaction(pool, label, 'BEGIN ISOLATION LEVEL REPEATABLE READ', async (client) => {
    // The statement that fixes the transaction's snapshot also tells it.
    const { rows } = await client.query<{ now: string }>('SELECT pg_current_snapshot()::text AS now');
    await client.query(
      `DECLARE unseen NO SCROLL CURSOR FOR SELECT id, source, op, key, row ${UNSEEN} ORDER BY id`,
      [migration, since],
    );
    for (;;) {
      const page = await client.query<ChangeRow>(`FETCH ${BATCH} FROM unseen`);
      if (page.rows.length === 0) break;
      await batch(page.rows.map(toChange));
    }
    return rows[0]?.now ?? since;
  });
}

/** @see Database.pending */
export async function pending(
  pool: pg.Pool,
  label: string,
  migration: string,
  since: string,
): Promise<Pending> {
  const [row] = await query<{ changes: string; seconds: string }>(
    pool,
    label,
    `SELECT count(*) AS changes, coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0) AS seconds ${UNSEEN}`,
    [migration, since],
  );
  return { changes: Number(row?.changes ?? 0), seconds: Math.max(0, Number(row?.seconds ?? 0)) };
}

/** @see Database.recentChanges */
export async function recentChanges(
  pool: pg.Pool,
  label: string,
  migration: string,
  limit: number,
): Promise<Change[]> {
  const rows = await query<ChangeRow>(
    pool,
    label,
    'SELECT id, source, op, key, row FROM strangler.change WHERE migration = $1 ORDER BY id DESC LIMIT $2',
    [migration, limit],
  );
  return rows.map(toChange);
}

/** @see Database.findChanges */
export async function findChanges(
  pool: pg.Pool,
  label: string,
  migration: string,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, Change>> {
  const rows = await query<ChangeRow>(
    pool,
    label,
    'SELECT id, source, op, key, row FROM strangler.change WHERE migration = $1 AND id = ANY($2::bigint[])',
    [migration, ids.map(String)],
  );
  return new Map(rows.map((row) => [BigInt(row.id), toChange(row)]));
}

/** Only what is older than every transaction that was open at `position` can be named without reading it. */
export async function purge(
  pool: pg.Pool,
  label: string,
  migration: string,
  position: string,
): Promise<number> {
  const rows = await query<{ id: string }>(
    pool,
    label,
    `DELETE FROM strangler.change WHERE migration = $1 AND txid < pg_snapshot_xmin($2::pg_snapshot) RETURNING id`,
    [migration, position],
  );
  return rows.length;
}

export function toChange(row: ChangeRow): Change {
  return {
    id: row.id,
    table: row.source,
    op: row.op === 'd' ? 'delete' : 'upsert',
    key: row.key,
    row: JSON.parse(row.row) as Row,
  };
}
