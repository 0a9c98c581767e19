import type { Effect } from '../../migrations/lifecycle/protocol.ts';
import { CHANGE_OF_OWNER } from '../../migrations/lifecycle/protocol.ts';
import type { Rules } from './action.ts';
import { RULES } from './explore.ts';

/** Ways to break the protocol. The exploration has to find each: one that it does not find proves nothing. */
export const MUTATIONS: Readonly<Record<string, Rules>> = {
  'the barrier is read before the fence stands': forward((steps) => moved(steps, 'drain', 'raise-fence')),
  'the owner changes before all proxies have acknowledged': forward((steps) =>
    steps.filter((effect) => effect !== 'await-held'),
  ),
  'the new owner takes writes before that is journaled': forward((steps) =>
    moved(steps, 'open', 'journal-owner-changed'),
  ),
  'writes are released before the owner change is journaled': forward((steps) =>
    moved(steps, 'journal-released', 'journal-owner-changed'),
  ),
  'nothing is carried over': forward((steps) => steps.filter((effect) => effect !== 'drain')),
  'the old owner is not fenced': forward((steps) => steps.filter((effect) => effect !== 'raise-fence')),
  'databases check no epochs': { ...RULES, checksEpochs: false },
  'proxies acknowledge while a write is running': { ...RULES, waitsForRunning: false },
  'proxies trust a new lease before they have read the journal': { ...RULES, readsBeforeTrusting: false },
  'the journal takes entries from who does not know the newest': { ...RULES, journalExpects: false },
};

/** And of a group, which a single migration cannot show. */
export const GROUP_MUTATIONS: Readonly<Record<string, Rules>> = {
  'the owners of a group are changed one after the other in the journal': {
    ...RULES,
    decidesTogether: false,
  },
};

function forward(change: (steps: readonly Effect[]) => Effect[]): Rules {
  return { ...RULES, chain: { ...CHANGE_OF_OWNER, forward: change(CHANGE_OF_OWNER.forward) } };
}

function moved(steps: readonly Effect[], what: Effect, before: Effect): Effect[] {
  return steps
    .filter((effect) => effect !== what)
    .flatMap((effect) => (effect === before ? [what, effect] : effect));
}
