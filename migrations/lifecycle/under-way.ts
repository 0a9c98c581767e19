import type { MigrationState } from './fold.ts';
import type { Verb } from './stages.ts';
import { otherSide } from './stages.ts';

/** A move that has begun and not ended. */
export interface MoveUnderWay {
  migration: string;
  verb: Verb;
  /** What the journal says of it. */
  phase: 'started' | 'owner-changed' | 'aborting' | 'installing';
  /** ISO time. */
  since: string;
  by: string;
  /** Whether this process is at work with it. */
  isRunning: boolean;
  /** The one legal next step, in words. */
  next: string;
}

/** The move of a migration that is under way, with its one legal next step; null when there is none. */
export function underWay(state: MigrationState, isRunning: boolean): MoveUnderWay | null {
  const { migration, change, installing } = state;
  if (change) {
    const { verb, phase, at: since, actor: by } = change;
    return { migration, verb, phase, since, by, isRunning, next: nextStepOf(state) };
  }
  if (!installing) return null;
  const next = isRunning
    ? 'finish what it installs, and journal the stage'
    : 'none by itself: `strangler sync` begins it anew, `strangler abort` removes what it installed';
  const { at: since, actor: by } = installing;
  return { migration, verb: 'sync', phase: 'installing', since, by, isRunning, next };
}

function nextStepOf({ change, owner }: MigrationState): string {
  const verb = change?.verb ?? 'cutover';
  switch (change?.phase) {
    case 'owner-changed':
      return `open the tables of the ${owner}, release the held writes to it, and let the ${otherSide(owner)} follow: the ${verb} will be done`;
    case 'aborting':
      return `lift the fence of the ${owner}, and release the held writes to it: everything will be as before the ${verb}`;
    default:
      return `journal that it is given up, lift the fence of the ${owner}, and release the held writes to it: everything will be as before the ${verb}`;
  }
}
