import { JournalConflictError } from './errors.ts';
import type { JournalFollower } from './follow.ts';

/**
 * Rejects as an append would, as soon as somebody else has given up this change of owner: a run that only waits must
 * not find out at the end of its time.
 *
 * @param seq newest entry that the run knows of
 */
export function untilGivenUp(
  journal: JournalFollower,
  { migration, newEpoch }: { migration: string; newEpoch: number },
  seq: number,
  signal: AbortSignal,
): Promise<never> {
  return new Promise((_, reject) => {
    const look = (): void => {
      const { change } = journal.state(migration);
      if (change?.epoch !== newEpoch || change.phase !== 'aborting') return;
      const newer = journal.entries.findLast(
        (entry) => entry.migration === migration && entry.kind === 'aborting' && entry.seq > seq,
      );
      if (newer) reject(new JournalConflictError(migration, newer));
    };
    const stop = journal.subscribe(look);
    signal.addEventListener('abort', stop, { once: true });
    look();
  });
}
