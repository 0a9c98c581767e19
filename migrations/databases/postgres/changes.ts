import type pg from 'pg';
import type { Change, Pending, Row } from '../database.ts';
import { query, transaction } from './connect.ts';

/**
 * Rows of a page, and how long it should take to apply them. Of a backlog more at once is less work: a statement or two
 * for all of them, and only the newest of each key is written.
 */
const PAGE_ROWS = 2000;
const PAGE_MS = 1000;
const FIRST_PAGE_ROWS = 100;
/** About how many characters a page has, for rows can be long; and how many rows come before that is looked at. */
const PAGE_CHARACTERS = 4_000_000;
const PART_ROWS = 1000;

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
    const pages = new Pages(client);
    for (let size = FIRST_PAGE_ROWS, before = FIRST_PAGE_ROWS; !pages.isOver;) {
      const page = await pages.next(size);
      if (page.length === 0) break;
      const started = performance.now();
      await batch(page.map(toChange));
      // Where pages are applied one behind, this is the time of the one before.
      const fitting = (Math.min(before, page.length) * PAGE_MS) / (performance.now() - started + 1);
      before = page.length;
      size = Math.ceil(Math.max(1, Math.min(PAGE_ROWS, size * 4, fitting)));
    }
    return rows[0]?.now ?? since;
  });
}

/** What the cursor has, in pages. How long rows are is known only when they are there, so a page is fetched in parts. */
class Pages {
  isOver = false;
  private readonly client: pg.ClientBase;
  private partRows = FIRST_PAGE_ROWS;

  constructor(client: pg.ClientBase) {
    this.client = client;
  }

  /** The next `size` rows, or fewer where they are long. */
  async next(size: number): Promise<ChangeRow[]> {
    const page: ChangeRow[] = [];
    let characters = 0;
    while (!this.isOver && page.length < size && characters < PAGE_CHARACTERS) {
      const asked = Math.min(this.partRows, size - page.length);
      const part = await this.client.query<ChangeRow>(`FETCH ${asked} FROM unseen`);
      const length = part.rows.reduce((sum, { row }) => sum + row.length, 0);
      for (const row of part.rows) page.push(row);
      characters += length;
      this.isOver = part.rows.length < asked;
      const fitting = (PAGE_CHARACTERS * part.rows.length) / (length + 1);
      this.partRows = Math.ceil(Math.max(1, Math.min(PART_ROWS, this.partRows * 4, fitting)));
    }
    return page;
  }
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
  const [row] = await query<{ n: string }>(
    pool,
    label,
    `WITH gone AS (
       DELETE FROM strangler.change WHERE migration = $1 AND txid < pg_snapshot_xmin($2::pg_snapshot) RETURNING 1)
     SELECT count(*) AS n FROM gone`,
    [migration, position],
  );
  return Number(row?.n ?? 0);
}

export function toChange(row: ChangeRow): Change {
  return {
    id: row.id,
    table: row.source,
    op: OPS[row.op as keyof typeof OPS],
    key: row.key,
    row: JSON.parse(row.row) as Row,
  };
}

const OPS = { t: 'truncate', d: 'delete', u: 'upsert' } as const;
