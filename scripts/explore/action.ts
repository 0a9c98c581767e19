import type { Chain } from '../../migrations/lifecycle/protocol.ts';
import type { World } from './world.ts';

/** One thing that happens, and what the world is like afterwards. */
export interface Action {
  /** In words, for the story. */
  what: string;
  next: World;
  /** Which promise was broken by it; undefined as long as all hold. */
  wrong?: string;
  /** It costs one of the faults. Without any, everything must come to a good end. */
  isFault?: true;
}

/** What the exploration is made with; a mutation exchanges a part of it. */
export interface Rules {
  chain: Chain;
  /** Databases refuse what comes with an old epoch or attempt. */
  checksEpochs: boolean;
  /** Proxies acknowledge only once no running write contradicts. */
  waitsForRunning: boolean;
  /** Proxies with a new lease read the journal before they trust it. */
  readsBeforeTrusting: boolean;
  /** The journal takes an entry only from who knows the one before. */
  journalExpects: boolean;
  /** That the owner changed is journaled of all members at once. */
  decidesTogether: boolean;
}

export type Actor = (world: World, rules: Rules) => Action[];

/** The world with one fault less; null when there is none left. */
export function withFault(world: World): World | null {
  const { left } = world;
  return left.faults > 0 ? { ...world, left: { ...left, faults: left.faults - 1 } } : null;
}
