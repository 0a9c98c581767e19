import { setTimeout as pause } from 'node:timers/promises';
import type { SyncedCapability } from '../../migrations/lifecycle/capability.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import { addSample, WRITERS } from '../../migrations/lifecycle/writers.ts';
import type { WritersRecord } from '../../migrations/lifecycle/writers.ts';

const SAMPLE_MS = 1000;
/** Seldom enough to be nothing beside the sync's own reports. */
const SAVE_MS = 10_000;

/**
 * Looks once a second who is writing to the monolith's tables, and keeps who was seen. Samples see what lasts: a
 * transaction of a millisecond is met by one in a thousand of them.
 */
export async function watchWriters(
  { name, databases, tables }: Pick<SyncedCapability, 'name' | 'databases' | 'tables'>,
  store: Pick<ControlStore, 'reports' | 'report' | 'now'>,
  signal: AbortSignal,
): Promise<void> {
  const report = WRITERS + name;
  let record: WritersRecord | null = null;
  let savedAt = -Infinity;
  let saved = '';
  while (!signal.aborted) {
    try {
      const found = await databases.monolith.writersOf(tables.monolith);
      if (found === null) return;
      record ??= ((await store.reports(report)).get(report)?.value as WritersRecord | undefined) ?? null;
      const names = (of: WritersRecord | null): string =>
        JSON.stringify((of?.seen ?? []).map(({ user, application }) => [user, application]).toSorted());
      record = addSample(record, found, new Date(await store.now()).toISOString());
      // Somebody new is told at once.
      if (names(record) !== saved || performance.now() - savedAt >= SAVE_MS) {
        await store.report(report, record);
        [saved, savedAt] = [names(record), performance.now()];
      }
    } catch {
      // A database or store that is away is the stream's business.
    }
    await pause(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
  }
}
