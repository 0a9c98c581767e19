import type pg from 'pg';
import type { SourceTable } from '../../database.ts';

/**
 * The second capture. A slot for each migration keeps the database's log; what stands in it of the migration's tables
 * is written into `strangler.change`, from where everything goes on as if a trigger had written it:
 *
 *   commit → log → peek → change rows + how far was read (one transaction) → the slot is moved up
 *
 * The slot is moved only to where a committed transaction of ours says that everything is written down. A crash
 * anywhere leaves a place from which the next reading goes on.
 */
export interface SlotState {
  /** Its name. */
  slot: string;
  tables: readonly SlotTable[];
  /** Everything that was committed in the log before it is written down. Null: the slot was not made yet. */
  lsn: string | null;
}

export interface SlotTable extends SourceTable {
  oid: number;
}

/**
 * How the slot of the migration `$1` is called, and its publication too. Slots are of the whole server: the database's
 * oid keeps those of two databases apart.
 */
export const SLOT_NAME = `'strangler_' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '_' ||
  left(regexp_replace(lower($1), '[^a-z0-9]+', '_', 'g'), 24) || '_' || left(md5($1), 8)`;

export async function slotName(client: pg.ClientBase, migration: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(`SELECT ${SLOT_NAME} AS name`, [migration]);
  return rows[0]?.name ?? '';
}

const STATE = `SELECT ${SLOT_NAME} AS slot, tables, lsn FROM strangler.slot WHERE migration = $1`;
type StateRow = { slot: string; tables: string; lsn: string | null };

/** What is kept of the slot; null when there is none. */
export async function readSlotState(client: pg.ClientBase, migration: string): Promise<SlotState | null> {
  return toState((await client.query<StateRow>(STATE, [migration])).rows[0]);
}

/** The same, and nobody else reads the log until the transaction ends. */
export async function lockSlot(client: pg.ClientBase, migration: string): Promise<SlotState | null> {
  return toState((await client.query<StateRow>(`${STATE} FOR UPDATE`, [migration])).rows[0]);
}

function toState(row: StateRow | undefined): SlotState | null {
  return row ? { slot: row.slot, tables: JSON.parse(row.tables) as SlotTable[], lsn: row.lsn } : null;
}

export const isReplicated = (table: SourceTable): boolean => table.capture === 'replication';
