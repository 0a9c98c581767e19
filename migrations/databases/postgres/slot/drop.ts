import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { CaptureUnavailableError } from '../../errors.ts';
import { query, sqlState } from '../connect.ts';
import { SLOT_NAME } from './slot.ts';

/** A slot that somebody reads cannot be dropped; a round of reading is short. */
const BUSY_MS = 10_000;
const POLL_MS = 20;

const OBJECT_IN_USE = '55006';
const UNDEFINED_OBJECT = '42704';

/**
 * Drops the migration's slot, if there is one, once nobody reads it. Takes effect at once, whatever becomes of the
 * caller's transaction.
 *
 * @throws CaptureUnavailableError when somebody else goes on reading it
 */
export async function dropSlot(pool: pg.Pool, label: string, migration: string): Promise<void> {
  const giveUpAt = performance.now() + BUSY_MS;
  for (;;) {
    try {
      await query(
        pool,
        label,
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
         WHERE slot_name = ${SLOT_NAME} AND database = current_database()`,
        [migration],
      );
      return;
    } catch (error) {
      const state = sqlState(error);
      if (state === UNDEFINED_OBJECT) return;
      if (state !== OBJECT_IN_USE) throw error;
      if (performance.now() > giveUpAt) {
        throw new CaptureUnavailableError(label, (error as Error).message, 'end that process and try again');
      }
    }
    await pause(POLL_MS);
  }
}
