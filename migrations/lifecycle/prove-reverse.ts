import { setTimeout as pause } from 'node:timers/promises';
import type { MappedChange } from '../apply/map-changes.ts';
import { asChange, mapChanges } from '../apply/map-changes.ts';
import { writeChanges } from '../apply/write-changes.ts';
import type { Row } from '../databases/database.ts';
import type { EntryMapping } from '../mapping/mapping.ts';
import type { Stream } from '../relay/stream.ts';
import { compareRow } from '../verify/compare.ts';
import type { SyncedCapability } from './capability.ts';
import { streamFrom } from './capability.ts';
import type { Side } from './stages.ts';
import { otherSide } from './stages.ts';

const SAMPLE_ROWS = 20;
const ATTEMPTS = 5;
const PAUSE_MS = 100;

/** What stands in the way of going back, in words; nothing in either when the way back is proven. */
export interface ReverseProof {
  /** Fences and captures that are not there. */
  missing: string[];
  /** Tables whose rows the side that goes out of office does not take back. */
  failed: string[];
}

/**
 * Tries the way back before the way forward is taken: fence and capture are in place on both sides, and real rows
 * of the side that is to take over go back through the mapping and into the old owner's tables, in a transaction
 * that is then undone. Nothing is changed.
 */
export async function proveReverse(
  synced: SyncedCapability,
  owner: Side,
  epoch: number,
): Promise<ReverseProof> {
  const missing = await missingTriggers(synced);
  if (missing.length > 0) return { missing, failed: [] };
  const back = streamFrom(synced, otherSide(owner), epoch);
  const failed: string[] = [];
  for (const entry of back.mapping.entries) {
    try {
      await provePatiently(back, entry);
    } catch (error) {
      failed.push(
        `${entry.name} cannot be written back: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return { missing, failed };
}

/**
 * Under load a row may be locked for a moment, or the owner has moved on: what the follower still has would take a unique
 * value that is another row's by now. Neither says anything about the way back, so after a failure only rows are tried
 * that both sides have alike.
 */
async function provePatiently(back: Stream, entry: EntryMapping): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const read = await back.source.readChunk(back.migration, entry.source, null, SAMPLE_ROWS);
    const rows = read.map((row) => asChange(entry.source.name, { ...row, version: '0' }));
    const { mapped, faults } = await mapChanges(back.mapping, rows);
    if (faults[0]) throw faults[0].error;
    const alike = attempt === 1 ? [] : await alikeAmong(back, mapped);
    try {
      return await back.target.rehearse(back.migration, (applier) =>
        writeChanges(applier, alike.length > 0 ? alike : mapped, 'mend'),
      );
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await pause(PAUSE_MS);
    }
  }
}

/** Those that would change nothing at the owner. */
async function alikeAmong(back: Stream, mapped: readonly MappedChange[]): Promise<MappedChange[]> {
  const moved = new Set<string>();
  for (const { entry } of mapped[0]?.effects ?? []) {
    const wanted = new Map<string, Row | null>();
    const keys = mapped.flatMap(({ change, effects }) => {
      const effect = effects.find((each) => each.entry === entry);
      if (!effect) return [];
      wanted.set(change.key, effect.row);
      return [{ sourceKey: change.key, key: effect.key }];
    });
    for (const found of await back.target.readApplied(back.migration, entry.target, keys)) {
      const row = wanted.get(found.sourceKey) ?? null;
      if (compareRow(entry.target, found.sourceKey, row, found.row)) moved.add(found.sourceKey);
    }
  }
  return mapped.filter(({ change }) => !moved.has(change.key));
}

async function missingTriggers(synced: SyncedCapability): Promise<string[]> {
  const problems: string[] = [];
  for (const side of ['monolith', 'service'] as const) {
    const tables = synced.tables[side];
    const { captured, fenceable } = await synced.databases[side].inspect(synced.name, tables);
    for (const table of tables) {
      if (!captured.includes(table)) problems.push(`${side} table ${table} has no capture`);
      if (!fenceable.includes(table)) problems.push(`${side} table ${table} has no fence`);
    }
  }
  return problems;
}
