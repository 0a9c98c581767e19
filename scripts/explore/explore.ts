import { CHANGE_OF_OWNER } from '../../migrations/lifecycle/protocol.ts';
import type { Action, Actor, Rules } from './action.ts';
import { coordinators } from './coordinators.ts';
import { relay, strays } from './databases.ts';
import { late } from './effects.ts';
import { brokenIn, unfinishedIn } from './promises.ts';
import { proxies } from './proxies.ts';
import type { Bound, World } from './world.ts';
import { beginning, keyOf } from './world.ts';

export const RULES: Rules = {
  chain: CHANGE_OF_OWNER,
  checksEpochs: true,
  waitsForRunning: true,
  readsBeforeTrusting: true,
  journalExpects: true,
  decidesTogether: true,
};

export interface Exploration {
  states: number;
  steps: number;
  /** Longest of the shortest ways to a state. */
  depth: number;
  /** False when there were more than `maxStates`. */
  isComplete: boolean;
  broken: Broken | null;
}

/** A promise that does not hold, and the shortest way there, step by step. */
export interface Broken {
  promise: string;
  story: string[];
}

/** In this order where nothing goes wrong any more: what is on its way arrives first. */
const ACTORS: readonly Actor[] = [late, strays, proxies, coordinators, relay];
const AS_OFTEN_AS_NEEDED = Infinity;
/** What happens from then on only brings to an end what has begun. */
const NOTHING_NEW: Bound = {
  faults: 0,
  orders: 0,
  takeovers: AS_OFTEN_AS_NEEDED,
  writes: 0,
  strays: 0,
  batches: AS_OFTEN_AS_NEEDED,
};

/**
 * Goes through everything that can happen from the beginning, breadth first, so that the first way to a broken
 * promise is a shortest one. At each state it also asks whether all comes to a good end from there when nothing more
 * goes wrong.
 *
 * @param maxStates where it stops, for memory's sake
 * @param members one migration, or several that move together
 */
export function explore(bound: Bound, rules = RULES, maxStates = 5_000_000, members = 1): Exploration {
  const first = beginning(bound, members);
  const seen = new Set([keyOf(first)]);
  const reached: Reached[] = [
    { world: first, from: -1, what: 'the monolith owns, the service follows', depth: 0 },
  ];
  const ends = new Ends(rules);
  let steps = 0;
  let depth = 0;
  let broken: Broken | null = null;
  for (let at = 0; at < reached.length; at += 1) {
    const here = reached[at] as Reached;
    const { world } = here;
    // A way to a bad end may be longer than one to a broken promise that comes later here.
    if (!world || (broken && here.depth >= broken.story.length)) break;
    depth = here.depth;
    const bad = ends.badEndOf(world);
    if (bad) broken = shorter(broken, bad.promise, [...tell(reached, at), ...bad.story]);
    for (const { what, next, wrong } of ACTORS.flatMap((actor) => actor(world, rules))) {
      steps += 1;
      const promise = wrong ?? brokenIn(next);
      if (promise) broken = shorter(broken, promise, [...tell(reached, at), what]);
      const key = keyOf(next);
      if (promise || seen.has(key)) continue;
      if (seen.size >= maxStates) return { states: seen.size, steps, depth, isComplete: false, broken };
      seen.add(key);
      reached.push({ world: next, from: at, what, depth: here.depth + 1 });
    }
    // What can follow is known by now; only the way to it is still needed.
    here.world = null;
  }
  return { states: seen.size, steps, depth, isComplete: broken === null, broken };
}

const shorter = (found: Broken | null, promise: string, story: string[]): Broken =>
  found && found.story.length <= story.length ? found : { promise, story };

interface Reached {
  /** Null once all that follows from it is known. */
  world: World | null;
  from: number;
  what: string;
  depth: number;
}

function tell(reached: readonly Reached[], at: number): string[] {
  const story: string[] = [];
  for (let i = at; i >= 0; i = reached[i]?.from ?? -1) story.unshift(reached[i]?.what ?? '');
  return story;
}

/** Whether everything ends well from a world if nothing more goes wrong; what was asked once is kept. */
class Ends {
  readonly #rules: Rules;
  readonly #good = new Set<string>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  badEndOf(from: World): Broken | null {
    let world: World = { ...from, left: NOTHING_NEW };
    const way = new Set<string>();
    const story: string[] = [];
    for (;;) {
      const key = keyOf(world);
      if (this.#good.has(key)) break;
      if (way.has(key)) return { promise: 'it goes on for ever', story };
      way.add(key);
      const next = this.#next(world);
      if (!next) {
        const promise = unfinishedIn(world);
        if (promise) return { promise, story };
        break;
      }
      const promise = next.wrong ?? brokenIn(next.next);
      story.push(next.what);
      if (promise) return { promise, story };
      world = next.next;
    }
    for (const key of way) this.#good.add(key);
    return null;
  }

  #next(world: World): Action | undefined {
    for (const actor of ACTORS) {
      const action = actor(world, this.#rules).find(({ isFault }) => !isFault);
      if (action) return action;
    }
    return undefined;
  }
}
