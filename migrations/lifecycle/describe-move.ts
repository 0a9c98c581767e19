import { DECISION_BUDGET_MS } from './change-owner.ts';
import { workOf } from './moves.ts';
import type { Stage, Verb } from './stages.ts';
import { changesOwner } from './stages.ts';

/** What is left of the cap of two seconds after the time for the decision, for taking a move back. */
const TAKE_BACK_MS = 500;

/** Longest time in milliseconds that a write may wait in a proxy because of the move. */
export function writesWaitAtMost(verb: Verb, from: Stage): number {
  return changesOwner(verb, from) ? DECISION_BUDGET_MS + TAKE_BACK_MS : 0;
}

/** What the move does, in its order, in words. */
export function stepsOf(
  verb: Verb,
  from: Stage,
  to: Stage,
  synced: boolean,
  weight: number | null,
): string[] {
  const traffic = trafficOf(verb, from, weight);
  return [
    ...workOf(verb, from, synced).steps,
    `journal the stage ${to}; every live proxy follows it`,
    ...(traffic ? [traffic] : []),
  ];
}

function trafficOf(verb: Verb, from: Stage, weight: number | null): string | null {
  const share = weight === null ? 'the share of the reads that you order' : `${weight} % of the reads`;
  switch (verb) {
    case 'shadow':
      return 'show a sample of the reads to the service too, after the client has its answer, and compare';
    case 'canary':
      return `let the service answer ${share}, the same clients always; writes stay with the monolith`;
    case 'rollback':
      if (from === 'canary') return 'let the monolith answer all reads again';
      return from === 'shadow' ? 'compare no answers any more' : null;
    case 'sync':
    case 'cutover':
    case 'retire':
      return null;
  }
}

/** Who waits because of the move, and for how long at most, in words. Empty when nobody does. */
export function waitsOf(verb: Verb, from: Stage, synced: boolean): string[] {
  if (changesOwner(verb, from)) {
    const capSeconds = writesWaitAtMost(verb, from) / 1000;
    return [
      `new writes of the migration's routes, in every proxy: at most ${capSeconds} s, then they go on, wherever the move ended; reads never`,
      ...(synced
        ? [
            `writers of the tables that pass no proxy: at most ${DECISION_BUDGET_MS / 2000} s for the fence; behind it they are refused`,
          ]
        : []),
    ];
  }
  if (!synced) return [];
  const isInstalling = verb === 'sync';
  const isRemoving = verb === 'retire' || (verb === 'rollback' && from === 'dual-write');
  if (!isInstalling && !isRemoving) return [];
  const what = isInstalling ? 'created' : 'dropped';
  return [
    `writers of the tables: a moment each, while triggers are ${what}; that waits for transactions that have touched the table, and whoever comes behind it waits with it (see \`strangler doctor\` for long ones)`,
  ];
}

/** What going back would cost after the move, in words. */
export function rollbackCostOf(verb: Verb, from: Stage): string {
  switch (verb) {
    case 'sync':
    case 'shadow':
    case 'canary':
      return 'nothing: the monolith stays the owner, and answers at once';
    case 'cutover':
      return 'nothing is lost: the same protocol in the other direction; writes wait once more, as long at most';
    case 'rollback':
      return from === 'dual-write'
        ? "the work: for a new `sync` the service's tables have to be emptied, and everything is copied again"
        : 'nothing: the move can be made again';
    case 'retire':
      return 'there is no way back: the monolith is not kept in step any more';
  }
}
