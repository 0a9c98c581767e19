import type { Effect, Outcome } from '../../migrations/lifecycle/protocol.ts';
import type { Action, Rules } from './action.ts';
import { drain, fence, fenceCanBeRaised, letNewOwn, letOldFollow, lift } from './databases.ts';
import { append } from './journal.ts';
import type { Coordinator, Late, Said, World } from './world.ts';

export interface Done {
  world: World;
  coordinator: Coordinator;
  outcome: Outcome;
}

const REFUSED: Outcome = { kind: 'failed', reason: 'the database refuses it', late: false };

/** How many statements an effect is: most have one for each member, and `open` two. */
function statementsOf(effect: Effect, { members }: World, rules: Rules): number {
  if (effect === 'raise-fence' || effect === 'drain' || effect === 'lift') return members.length;
  if (effect === 'open') return 2 * members.length;
  return effect === 'journal-owner-changed' && !rules.decidesTogether ? members.length : 1;
}

/** Whether the next statement of the effect can end at all now. */
export function isReady(world: World, { seq, order, at }: Coordinator, effect: Effect): boolean {
  if (effect === 'await-held') return world.proxies.every(({ stored, acked }) => !stored || acked >= seq);
  return effect !== 'raise-fence' || fenceCanBeRaised(world, at, order);
}

/** Does the next statement of what the runner does for an effect, and says what came of it. */
export function carryOut(world: World, coordinator: Coordinator, effect: Effect, rules: Rules): Done {
  const { order, actor, at } = coordinator;
  const { newEpoch, verb } = order;
  const next = (at + 1) % statementsOf(effect, world, rules);
  const say = (kind: Said['kind'], of: Pick<Said, 'of'> = {}): Done =>
    append(world, { ...coordinator, at: next }, { kind, epoch: newEpoch, actor, ...of }, rules);
  const ask = (done: World | null): Done =>
    done
      ? { world: done, coordinator: { ...coordinator, at: next }, outcome: { kind: 'done' } }
      : { world, coordinator, outcome: REFUSED };
  switch (effect) {
    case 'journal-started':
      return say(`${verb}-started`);
    case 'journal-owner-changed':
      return say('owner-changed', rules.decidesTogether ? {} : { of: at });
    case 'journal-released':
      return say('writes-released');
    case 'journal-aborting':
      return say('aborting');
    case 'journal-aborted':
      return say('aborted');
    case 'await-held':
    case 'settle':
      return ask(world);
    case 'raise-fence':
    case 'drain':
    case 'lift':
    case 'open':
      return ask(tell(world, { effect, order, at }, rules));
  }
}

/** What nobody waits for any more arrives: it is done or refused, and nobody hears of it. */
export function late(world: World, rules: Rules): Action[] {
  return world.late.flatMap((request, i) => {
    const rest = world.late.filter((_, at) => at !== i);
    const { effect, order, at } = request;
    if (effect === 'raise-fence' && !fenceCanBeRaised(world, at, order)) return [];
    const done = tell(world, request, rules);
    const how = done ? 'done' : 'refused';
    const what = `late: "${effect}" of epoch ${order.newEpoch} arrives and is ${how}`;
    return [{ what, next: { ...(done ?? world), late: rest } }];
  });
}

/** Tells a database one statement of an effect. */
function tell(world: World, { effect, order, at }: Late, rules: Rules): World | null {
  if (effect === 'raise-fence') return fence(world, at, order, rules);
  if (effect === 'drain') return drain(world, at, order, rules);
  if (effect === 'lift') return lift(world, at, order, rules);
  const of = Math.floor(at / 2);
  return at % 2 === 0 ? letOldFollow(world, of, order, rules) : letNewOwn(world, of, order, rules);
}
