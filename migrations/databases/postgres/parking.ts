import type pg from 'pg';
import type { Change, ChangedKey, ParkedChange, ParkedKey } from '../database.ts';
import { toChange } from './changes.ts';
import { query } from './connect.ts';

/**
 * Parked changes. A change carries its whole row, so only the newest of a key is ever tried again: it alone has a
 * time for it (`next_try`), and a key has as many of those as it should have: one.
 */
const WAITS = 'waits behind an earlier change of the same key';

type ParkedRow = Parameters<typeof toChange>[0] & Record<'reason' | 'parked_at', string>;

const COLUMNS = 'p.id, p.source, p.op, p.key, p.row, p.reason, p.parked_at';

const toParked = (row: ParkedRow): ParkedChange => ({
  ...toChange(row),
  reason: row.reason,
  parkedAt: row.parked_at,
});

/**
 * $1 migration, $2 to $6 the changes, $7 reason. Rows are texts of their own: inside of a document that is taken apart, a
 * text with a NUL character would be an error, and with it nothing could be parked, or applied, any more.
 */
const PARK = `
WITH news AS (
  SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::"char"[], $6::json[]) AS x(source, key, id, op, row)),
older AS (
  UPDATE strangler.parked p SET next_try = NULL FROM news n
  WHERE p.migration = $1 AND p.source = n.source AND p.key = n.key AND p.id < n.id AND p.next_try IS NOT NULL)
INSERT INTO strangler.parked (migration, source, key, id, op, row, reason, next_try)
SELECT $1, source, key, id, op, row, $7, CASE WHEN EXISTS (
    SELECT FROM strangler.parked p
    WHERE p.migration = $1 AND p.source = n.source AND p.key = n.key AND p.id > n.id)
  THEN NULL ELSE clock_timestamp() END
FROM news n
-- One that comes again still waits for what it waited for.
ON CONFLICT (migration, source, key, id) DO UPDATE SET reason = excluded.reason WHERE excluded.reason <> '${WAITS}'`;

/** Advances one mark without its row. $1 migration, $2 entry, $3 key, $4 epoch, $5 version. */
export const PASS_MARK = `
INSERT INTO strangler.mark AS m (migration, entry, key, epoch, version, deleted) VALUES ($1, $2, $3, $4, $5, false)
ON CONFLICT (migration, entry, key) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
  WHERE (m.epoch, m.version) < (excluded.epoch, excluded.version)`;

const KEYS = 'ROWS FROM (unnest($2::text[]), unnest($3::text[])) AS w(source, key)';

/** The parked changes of one migration, in the applier's transaction. */
export class Parking {
  private readonly client: pg.PoolClient;
  private readonly migration: string;
  /** Null: not asked yet. Appliers of a migration take turns, so nobody else parks anything during a transaction. */
  private isAnyParked: boolean | null = null;

  constructor(client: pg.PoolClient, migration: string) {
    this.client = client;
    this.migration = migration;
  }

  async park(changes: readonly Change[], reason = WAITS): Promise<void> {
    if (changes.length === 0) return;
    this.isAnyParked = true;
    await this.client.query(PARK, [
      this.migration,
      ...columnsOf(changes),
      changes.map(({ id }) => id),
      changes.map(({ op }) => opCode(op)),
      changes.map(({ row }) => JSON.stringify(row)),
      reason,
    ]);
  }

  /** Asked for each batch of changes, so that nobody has to read all that is parked. */
  async among(keys: readonly ChangedKey[]): Promise<ChangedKey[]> {
    if (!(this.isAnyParked ??= await this.hasAny())) return [];
    const { rows } = await this.client.query<{ source: string; key: string }>(
      `SELECT w.source, w.key FROM ${KEYS}
       CROSS JOIN LATERAL (
         SELECT FROM strangler.parked p WHERE p.migration = $1 AND p.source = w.source AND p.key = w.key LIMIT 1) found`,
      [this.migration, ...columnsOf(keys)],
    );
    return rows.map(({ source, key }) => ({ table: source, key }));
  }

  private async hasAny(): Promise<boolean> {
    const { rowCount } = await this.client.query(
      'SELECT FROM strangler.parked WHERE migration = $1 LIMIT 1',
      [this.migration],
    );
    return rowCount === 1;
  }

  async due(limit: number): Promise<ParkedChange[]> {
    const { rows } = await this.client.query<ParkedRow>(
      `SELECT ${COLUMNS} FROM strangler.parked p WHERE p.migration = $1 AND p.next_try <= clock_timestamp()
         AND (p.key = '' OR NOT EXISTS (
           SELECT FROM strangler.parked t WHERE t.migration = $1 AND t.source = p.source AND t.key = ''))
       ORDER BY p.tries, p.next_try LIMIT $2`,
      [this.migration, limit],
    );
    return rows.map(toParked);
  }

  async newest(keys: readonly ChangedKey[]): Promise<ParkedChange[]> {
    const { rows } = await this.client.query<ParkedRow>(
      `SELECT ${COLUMNS} FROM ${KEYS}
       CROSS JOIN LATERAL (
         SELECT * FROM strangler.parked p WHERE p.migration = $1 AND p.source = w.source AND p.key = w.key
         ORDER BY p.id DESC LIMIT 1) p`,
      [this.migration, ...columnsOf(keys)],
    );
    return rows.map(toParked);
  }

  async postpone({ table, key, id }: Change, reason: string): Promise<void> {
    await this.client.query(
      `UPDATE strangler.parked SET reason = $5, tries = tries + 1,
         next_try = clock_timestamp() + least(interval '5 minutes', interval '1 second' * 2 ^ least(tries, 9))
       WHERE migration = $1 AND source = $2 AND key = $3 AND id = $4`,
      [this.migration, table, key, id, reason],
    );
  }

  async unpark({ table, key, id }: Change): Promise<number> {
    const { rowCount } = await this.client.query(
      `DELETE FROM strangler.parked WHERE migration = $1 AND source = $2 AND ($3 = '' OR key = $3) AND id <= $4`,
      [this.migration, table, key, id],
    );
    return rowCount ?? 0;
  }
}

const opCode = (op: Change['op']): string => (op === 'upsert' ? 'u' : op === 'delete' ? 'd' : 't');

const columnsOf = (keys: readonly ChangedKey[]): [string[], string[]] => [
  keys.map(({ table }) => table),
  keys.map(({ key }) => key),
];

/** @see Database.parkedChanges */
export async function parkedChanges(
  pool: pg.Pool,
  label: string,
  migration: string,
  limit: number,
): Promise<ParkedChange[]> {
  const oldest = `SELECT ${COLUMNS} FROM strangler.parked p WHERE p.migration = $1 ORDER BY p.id LIMIT $2`;
  return (await query<ParkedRow>(pool, label, oldest, [migration, limit])).map(toParked);
}

/** @see Database.parkedOf */
export async function parkedOf(
  pool: pg.Pool,
  label: string,
  migration: string,
  { table, key }: ChangedKey,
  limit: number,
): Promise<ParkedChange[]> {
  const rows = await query<ParkedRow>(
    pool,
    label,
    `SELECT ${COLUMNS} FROM strangler.parked p WHERE p.migration = $1 AND p.source = $2 AND p.key = $3
     ORDER BY p.id LIMIT $4`,
    [migration, table, key, limit],
  );
  return rows.map(toParked);
}

/** @see Database.parkedKeys */
export async function parkedKeys(
  pool: pg.Pool,
  label: string,
  migration: string,
  after: ChangedKey | null,
  limit: number,
): Promise<ParkedKey[]> {
  const rows = await query<
    Record<'source' | 'key' | 'op' | 'since' | 'waiting' | 'reason' | 'tries', string>
  >(
    pool,
    label,
    `SELECT p.source, p.key, p.op, p.tries, first.parked_at AS since, (held.n - 1)::text AS waiting,
            CASE WHEN p.tries = 0 THEN first.reason ELSE p.reason END AS reason
     FROM (
       SELECT * FROM strangler.parked
       WHERE migration = $1 AND next_try IS NOT NULL AND ($2::text IS NULL OR (source, key) > ($2, $3))
       ORDER BY source, key LIMIT $4) p
     CROSS JOIN LATERAL (
       SELECT * FROM strangler.parked o WHERE o.migration = $1 AND o.source = p.source AND o.key = p.key
       ORDER BY o.id LIMIT 1) first
     CROSS JOIN LATERAL (
       SELECT count(*) AS n FROM strangler.parked o
       WHERE o.migration = $1 AND o.source = p.source AND o.key = p.key) held
     ORDER BY p.source, p.key`,
    [migration, after?.table ?? null, after?.key ?? null, limit],
  );
  return rows.map((row) => ({
    table: row.source,
    key: row.key,
    op: toChange({ ...row, id: '0', row: '{}' }).op,
    since: row.since,
    waiting: Number(row.waiting),
    reason: row.reason,
    tries: Number(row.tries),
  }));
}

/** How many changes are parked, and of how many keys. */
export async function countParked(
  pool: pg.Pool,
  label: string,
  migration: string,
): Promise<{ parked: number; parkedKeys: number }> {
  const [row] = await query<{ changes: string; keys: string }>(
    pool,
    label,
    `SELECT count(*) AS changes, count(next_try) AS keys FROM strangler.parked WHERE migration = $1`,
    [migration],
  );
  return { parked: Number(row?.changes ?? 0), parkedKeys: Number(row?.keys ?? 0) };
}
