import { setTimeout as pause } from 'node:timers/promises';
import { targetRow } from '../apply/apply.ts';
import type { SyncedCapability } from './capability.ts';
import { streamFrom, tablesOf } from './capability.ts';
import type { Side } from './stages.ts';
import { otherSide } from './stages.ts';

const SAMPLE_ROWS = 20;
const ATTEMPTS = 3;
const PAUSE_MS = 100;

/**
 * Tries the way back before the way forward is taken: fence and capture are in place on both sides, and real rows
 * of the side that is to take over go back through the mapping and into the old owner's tables, in a transaction
 * that is then undone. Nothing is changed.
 *
 * @returns what stands in the way, in words; empty when the way back is proven
 */
export async function proveReverse(synced: SyncedCapability, owner: Side, epoch: number): Promise<string[]> {
  const missing = await missingTriggers(synced);
  if (missing.length > 0) return missing;
  const back = streamFrom(synced, otherSide(owner), epoch);
  const problems: string[] = [];
  for (const entry of back.mapping.entries) {
    const rows = await back.source.readChunk(synced.name, entry.source, null, SAMPLE_ROWS);
    try {
      const mapped = rows.map((row) => targetRow(entry, row.key, '0', row.row));
      await rehearsePatiently(() =>
        back.target.rehearse(synced.name, (applier) => applier.mend(entry.target, mapped)),
      );
    } catch (error) {
      problems.push(
        `${entry.name} cannot be written back: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return problems;
}

/** The rows may be locked by a writer for a moment; that says nothing about the way back. */
async function rehearsePatiently(rehearse: () => Promise<void>): Promise<void> {
  for (let left = ATTEMPTS - 1; left > 0; left--) {
    try {
      return await rehearse();
    } catch {
      await pause(PAUSE_MS);
    }
  }
  return rehearse();
}

async function missingTriggers(synced: SyncedCapability): Promise<string[]> {
  const problems: string[] = [];
  for (const side of ['monolith', 'service'] as const) {
    const tables = tablesOf(synced, side);
    const { captured, fenceable } = await synced.databases[side].inspect(synced.name, tables);
    for (const table of tables) {
      if (!captured.includes(table)) problems.push(`${side} table ${table} has no capture`);
      if (!fenceable.includes(table)) problems.push(`${side} table ${table} has no fence`);
    }
  }
  return problems;
}
