import type { ChangedKey, ParkedChange } from '../databases/database.ts';
import type { Stream } from '../relay/stream.ts';
import { tryAgain } from './retry.ts';

/** As much of what is given up as the journal keeps; long texts are cut. */
const KEPT_CHANGES = 20;
const KEPT_CHARACTERS = 2000;

export interface Skipped {
  outcome: 'skipped' | 'applied' | 'nothing parked';
  /** Changes that were given up. */
  changes: number;
}

/** What the journal keeps of a key that is given up. */
export interface SkipEvidence {
  /** All of them, also those that are not listed. */
  changes: number;
  /** The oldest ones, and the newest. */
  kept: ParkedChange[];
}

/**
 * Gives up what is parked of a key, all changes that wait included: the newest stands for all before it, and it is the
 * one that is refused. It is tried a last time first. The follower's row stays as it is; its mark goes on, so that no
 * redelivery brings the change back, verify finds the row different, and later changes of the key are applied.
 *
 * Nobody else applies meanwhile, so what is journaled is what is given up. A crash after the journal leaves the key
 * parked, and it can be skipped again.
 *
 * @param journal writes down what is given up; when it fails, nothing is
 * @throws StaleEpochError when the follower has moved on
 */
export async function skipKey(
  stream: Stream,
  key: ChangedKey,
  journal: (evidence: SkipEvidence) => Promise<void>,
): Promise<Skipped> {
  const { target, migration, epoch, mapping } = stream;
  return target.applying(migration, epoch, async (applier): Promise<Skipped> => {
    const [newest] = await applier.newestParked([key]);
    if (!newest) return { outcome: 'nothing parked', changes: 0 };
    const [tried] = await tryAgain(applier, mapping, [newest]);
    if (tried?.reason === null) return { outcome: 'applied', changes: 0 };
    for (const entry of mapping.entriesOf(key.table)) await applier.pass(entry.target, newest);
    const changes = await applier.unpark(newest);
    // Another connection, which still sees them: the transaction is open.
    const oldest = await target.parkedOf(migration, key, KEPT_CHANGES);
    const others = oldest.filter(({ id }) => id !== newest.id);
    await journal({
      changes,
      kept: [...others, { ...newest, reason: tried?.reason ?? newest.reason }].map(cut),
    });
    return { outcome: 'skipped', changes };
  });
}

function cut(change: ParkedChange): ParkedChange {
  const row = Object.entries(change.row).map(([column, text]) => [column, shortened(text)]);
  return { ...change, row: Object.fromEntries(row) as ParkedChange['row'] };
}

function shortened(text: string | null): string | null {
  if (text === null || text.length <= KEPT_CHARACTERS) return text;
  return `${text.slice(0, KEPT_CHARACTERS)}… (${text.length} characters)`;
}
