import type { components } from '../../control/api.gen.ts';
import type { Signs } from '../facts/freshness.ts';
import type { Changes } from './changes.ts';

type Schemas = components['schemas'];

/** What the page tells the thread that follows the stream. */
export type ToFollower =
  /** A frame was drawn: the next news is welcome. */
  | { kind: 'ready' }
  /** Somebody is signed in, or nobody needs to be. */
  | { kind: 'signed-in' };

/** What the thread tells the page, once a frame at most. */
export interface News {
  signs: Signs;
  changes: Changes | null;
  /** Entries of the journal and steps of changes of owner, in their order; the newest of them when there were many. */
  journal: Schemas['JournalEntry'][];
  steps: Schemas['ChangeStep'][];
  /** Some may be missing before these: what is shown of the journal has to be read anew. */
  isGap: boolean;
}
