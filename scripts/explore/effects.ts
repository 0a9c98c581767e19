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

/** Whether the effect can end at all now. */
export function isReady(world: World, { seq, order }: Coordinator, effect: Effect): boolean {
  if (effect === 'await-held') return world.proxies.every(({ stored, acked }) => !stored || acked >= seq);
  return effect !== 'raise-fence' || fenceCanBeRaised(world, order);
}

/** Does what the runner does for an effect, and says what came of it. */
export function carryOut(world: World, coordinator: Coordinator, effect: Effect, rules: Rules): Done {
  const { order, actor, half } = coordinator;
  const { newEpoch, verb } = order;
  const say = (kind: Said['kind']): Done =>
    append(world, coordinator, { kind, epoch: newEpoch, actor }, rules);
  const ask = (done: World | null, wiser = coordinator): Done =>
    done
      ? { world: done, coordinator: wiser, outcome: { kind: 'done' } }
      : { world, coordinator, outcome: REFUSED };
  switch (effect) {
    case 'journal-started':
      return say(`${verb}-started`);
    case 'journal-owner-changed':
      return say('owner-changed');
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
      return ask(fence(world, order, rules));
    case 'drain':
      return ask(drain(world, order, rules));
    case 'lift':
      return ask(lift(world, order, rules));
    case 'open':
      return half
        ? ask(letNewOwn(world, order, rules), { ...coordinator, half: false })
        : ask(letOldFollow(world, order, rules), { ...coordinator, half: true });
  }
}

/** What nobody waits for any more arrives: it is done or refused, and nobody hears of it. */
export function late(world: World, rules: Rules): Action[] {
  return world.late.flatMap((request, i) => {
    const rest = world.late.filter((_, at) => at !== i);
    if (request.effect === 'raise-fence' && !fenceCanBeRaised(world, request.order)) return [];
    const done = arrive(world, request, rules);
    const how = done ? 'done' : 'refused';
    const what = `late: "${request.effect}" of epoch ${request.order.newEpoch} arrives and is ${how}`;
    return [{ what, next: { ...(done ?? world), late: rest } }];
  });
}

function arrive(world: World, { effect, order, half }: Late, rules: Rules): World | null {
  if (effect === 'raise-fence') return fence(world, order, rules);
  if (effect === 'drain') return drain(world, order, rules);
  if (effect === 'lift') return lift(world, order, rules);
  return half ? letNewOwn(world, order, rules) : letOldFollow(world, order, rules);
}
