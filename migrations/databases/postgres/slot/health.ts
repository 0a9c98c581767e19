import type pg from 'pg';
import type { CaptureHealth } from '../../database.ts';
import { CaptureLostError } from '../../errors.ts';
import type { SlotState, SlotTable } from './slot.ts';
import { readSlotState } from './slot.ts';

interface Seen {
  /** How far the slot has been moved. */
  confirmed: string;
  /** How much of the log is on disk: so far can be read. */
  flushed: string;
  status: CaptureHealth['status'];
  retainedBytes: number;
  limitBytes: number | null;
}

/** What is missing, in words. */
interface Missing {
  why: string;
}

const SLOT = `
SELECT s.confirmed_flush_lsn AS confirmed, pg_current_wal_flush_lsn() AS flushed, s.wal_status AS status,
  coalesce(s.confirmed_flush_lsn > $2::pg_lsn, false)::text AS ahead,
  coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), s.restart_lsn), 0)::bigint AS retained,
  (SELECT setting::bigint FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS megabytes,
  ARRAY(SELECT r.prrelid::bigint FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
        WHERE p.pubname = $1)::text AS published
FROM pg_replication_slots s WHERE s.slot_name = $1 AND s.database = current_database()`;

/**
 * Looks at the slot before it is read, and refuses to read when something is missing.
 *
 * @throws CaptureLostError
 */
export async function checkSlot(
  client: pg.ClientBase,
  label: string,
  migration: string,
  state: SlotState,
): Promise<Seen> {
  const seen = await look(client, state);
  if ('why' in seen) throw new CaptureLostError(label, migration, seen.why);
  return seen;
}

/** @see Database.captureHealth */
export async function captureHealth(client: pg.ClientBase, migration: string): Promise<CaptureHealth | null> {
  const state = await readSlotState(client, migration);
  if (!state) return null;
  const { slot } = state;
  const seen = await look(client, state);
  if ('why' in seen) return { slot, retainedBytes: 0, limitBytes: null, status: 'lost', detail: seen.why };
  const { retainedBytes, limitBytes, status } = seen;
  return { slot, retainedBytes, limitBytes, status, detail: '' };
}

/** Which of the tables are captured by a slot that is there. */
export async function replicatedTables(client: pg.ClientBase, migration: string): Promise<string[]> {
  const state = await readSlotState(client, migration);
  if (!state?.lsn) return [];
  const seen = await look(client, state);
  return 'why' in seen ? [] : state.tables.map((table) => table.name);
}

async function look(client: pg.ClientBase, { slot, tables, lsn }: SlotState): Promise<Seen | Missing> {
  const { rows } = await client.query<
    Record<'confirmed' | 'status' | 'flushed' | 'ahead' | 'retained' | 'megabytes' | 'published', string>
  >(SLOT, [slot, lsn]);
  const [row] = rows;
  if (!row) return { why: `the replication slot ${slot} is gone (dropped, or the database failed over)` };
  if (row.status === 'lost') {
    return {
      why: `the database gave up the replication slot ${slot}: more of its log was waiting than max_slot_wal_keep_size allows`,
    };
  }
  if (row.ahead === 'true') return { why: `the replication slot ${slot} was moved by somebody else` };
  const unpublished = notAmong(tables, row.published);
  if (unpublished) return { why: `table ${unpublished.name} is not in the publication ${slot} any more` };
  const megabytes = Number(row.megabytes);
  return {
    confirmed: row.confirmed,
    flushed: row.flushed,
    status: row.status as CaptureHealth['status'],
    retainedBytes: Number(row.retained),
    limitBytes: megabytes < 0 ? null : megabytes * 1024 * 1024,
  };
}

function notAmong(tables: readonly SlotTable[], published: string): SlotTable | undefined {
  const oids = new Set(published.slice(1, -1).split(',').map(Number));
  return tables.find((table) => !oids.has(table.oid));
}
