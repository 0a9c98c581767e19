import type { Changes } from './changes.ts';
import type { Signs } from '../facts/freshness.ts';

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
}
