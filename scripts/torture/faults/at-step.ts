import { setTimeout as pause } from 'node:timers/promises';
import { NeverError } from '../moves.ts';
import type { WiredPart } from '../wired-part.ts';
import type { Moment, Relay, Spring } from '../relay/relay.ts';
import type { Scene } from '../scene.ts';
import { otherSide } from '../sides.ts';

/** A step of the sync, by the statement that it is made of and the side that it is sent to. */
export interface Step {
  name: string;
  at: 'owner' | 'follower';
  statement: RegExp;
  moment: Moment;
}

/** As PostgreSQL is asked, or MySQL: their bookkeeping is `strangler.mark` there and `strangler_mark` here. */
const READ = /^\s*FETCH\b|FROM strangler_change WHERE id IN\b/i;
const APPLY = /INTO strangler[._]mark\b/i;
const POSITION = /UPDATE strangler[._]side SET position = [$']/i;
const COMMIT = /^\s*COMMIT\b/i;
const PURGE = /DELETE FROM strangler\.change\b|DELETE c FROM JSON_TABLE\b/i;
const CHUNK = /UNBOUNDED PRECEDING|SELECT MAX\(c\.id\) FROM strangler_change\b/i;

/** What one round of the sync consists of, in its order. */
export const ROUND: readonly Step[] = [
  { name: 'read asked', at: 'owner', statement: READ, moment: 'sent' },
  { name: 'read answered', at: 'owner', statement: READ, moment: 'answered' },
  { name: 'apply not sent', at: 'follower', statement: APPLY, moment: 'unsent' },
  { name: 'apply sent', at: 'follower', statement: APPLY, moment: 'sent' },
  { name: 'applied', at: 'follower', statement: APPLY, moment: 'answered' },
  { name: 'position not sent', at: 'follower', statement: POSITION, moment: 'unsent' },
  { name: 'position answered', at: 'follower', statement: POSITION, moment: 'answered' },
  { name: 'commit not sent', at: 'follower', statement: COMMIT, moment: 'unsent' },
  { name: 'commit sent', at: 'follower', statement: COMMIT, moment: 'sent' },
  { name: 'committed', at: 'follower', statement: COMMIT, moment: 'answered' },
  { name: 'purge sent', at: 'owner', statement: PURGE, moment: 'sent' },
];

export const COPY: readonly [Step, Step] = [
  { name: 'chunk read', at: 'owner', statement: CHUNK, moment: 'answered' },
  { name: 'chunk written', at: 'follower', statement: /INTO strangler[._]backfill\b/i, moment: 'sent' },
];

/**
 * Does something at the very moment when a sync process takes this step. The owner may change while it is waited for, so
 * both sides are watched in turn.
 *
 * @throws NeverError when no such statement passes: the product speaks otherwise by now, and the torture has to learn it
 */
export async function atStep(scene: Scene, part: WiredPart, step: Step, act: Spring): Promise<void> {
  const giveUpAt = performance.now() + scene.moves.patienceMs;
  while (performance.now() < giveUpAt) {
    const owner = await scene.moves.owner();
    const relay = part.wires[step.at === 'owner' ? owner : otherSide(owner)];
    if (await passes(relay, step, act)) return;
  }
  throw new NeverError(
    `"${step.name}" (${step.statement}) never passed between ${part.name} and the ${step.at}`,
  );
}

async function passes(relay: Relay, step: Step, act: Spring): Promise<boolean> {
  let takeAway = (): void => undefined;
  const seen = new Promise<boolean>((resolve) => {
    takeAway = relay.trap(step.statement, step.moment, () => {
      resolve(true);
      return act();
    });
  });
  const hasPassed = await Promise.race([seen, pause(2000, false)]);
  takeAway();
  return hasPassed;
}
