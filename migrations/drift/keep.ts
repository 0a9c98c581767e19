import type { JournalEntry } from '../lifecycle/journal.ts';
import type { ControlStore } from '../lifecycle/store.ts';
import type { KeptShape } from './shape.ts';

/** One per migration: that of its present sync, told by the journal entry that began it. */
export const SHAPE_SCHEMA = `
CREATE TABLE IF NOT EXISTS strangler_control.shape (migration text PRIMARY KEY, seq bigint NOT NULL, shape jsonb NOT NULL);`;

/** The shape that the present sync stands on; null before it was kept. */
export async function readKept(
  store: ControlStore,
  migration: string,
  entries: readonly JournalEntry[],
): Promise<KeptShape | null> {
  const [row] = await store.query<{ shape: KeptShape }>(
    'SELECT shape FROM strangler_control.shape WHERE migration = $1 AND seq = $2',
    [migration, beganAt(migration, entries)],
  );
  return row?.shape ?? null;
}

/**
 * Keeps the shape that the present sync stands on, unless one is kept already.
 *
 * @returns the one that is kept
 */
export async function keepShape(
  store: ControlStore,
  migration: string,
  entries: readonly JournalEntry[],
  read: () => Promise<KeptShape>,
): Promise<KeptShape> {
  const kept = await readKept(store, migration, entries);
  if (kept) return kept;
  await store.query(
    `INSERT INTO strangler_control.shape AS s VALUES ($1, $2, $3)
     ON CONFLICT (migration) DO UPDATE SET seq = excluded.seq, shape = excluded.shape WHERE s.seq < excluded.seq`,
    [migration, beganAt(migration, entries), JSON.stringify(await read())],
  );
  // Two sync processes may have read at once; both go by the one that was first.
  return (await readKept(store, migration, entries)) ?? read();
}

function beganAt(migration: string, entries: readonly JournalEntry[]): number {
  const began = entries.findLast(
    ({ migration: name, decision }) =>
      name === migration && decision.kind === 'stage-changed' && decision.verb === 'sync',
  );
  return began?.seq ?? 0;
}
