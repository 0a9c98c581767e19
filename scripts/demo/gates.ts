import { setTimeout as pause } from 'node:timers/promises';
import type { Schemas } from '../commands/client.ts';
import { EXIT } from '../commands/exit-codes.ts';
import type { Mover } from './scene.ts';
import { strangler } from './scene.ts';

const LOOK_MS = 500;
const PATIENCE_MS = 90_000;
const AGAIN = [EXIT.refused, EXIT.timedOut];

/** The gates of a move did not hold in time. */
class GatesRefuseError extends Error {
  constructor(verb: string, failing: string) {
    super(`the gates of "${verb}" refuse after ${PATIENCE_MS / 1000} s: ${failing}`);
    this.name = 'GatesRefuseError';
  }
}

/**
 * Makes a move once its gates hold. They are looked at again by the move itself, and under traffic they may have
 * changed their mind by then: a move that they refuse is made again. So is one that ran out of time, which has changed
 * nothing then: on a busy machine that happens.
 */
export async function move(
  scene: Mover,
  request: Schemas['PlanRequest'] & { verb: Schemas['Verb'] },
  args: string[] = [],
): Promise<void> {
  const weight = request.weight === undefined ? [] : ['--weight', String(request.weight)];
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    await gatesHold(scene, request);
    if (await strangler(scene, [request.verb, scene.migration, ...weight, ...args], AGAIN)) return;
    if (Date.now() > until) throw new GatesRefuseError(request.verb, 'as it says above');
    await pause(LOOK_MS);
  }
}

/**
 * Waits until the gates of a move hold, and says what it waits for.
 *
 * @param except a gate that something else is going to be done about
 */
export async function gatesHold(
  scene: Mover,
  request: Schemas['PlanRequest'] & { verb: Schemas['Verb'] },
  except = '',
): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  let said = '';
  for (;;) {
    const { gates } = await scene.control.plan(scene.migration, request);
    const failing = gates.filter(({ gate, passed }) => !passed && gate !== except);
    if (failing.length === 0) return;
    const words = await inWords(scene, failing);
    if (Date.now() > until) throw new GatesRefuseError(request.verb, words);
    const names = failing.map(({ gate }) => gate).join(', ');
    if (names !== said || scene.narrator.stream.isTTY) scene.narrator.waiting(`waiting for ${words}`);
    said = names;
    await pause(LOOK_MS);
  }
}

/** A gate says how many answers differ; what a person wants to see is one of them. */
async function inWords(scene: Mover, failing: readonly Schemas['GateResult'][]): Promise<string> {
  const words = failing.map(({ gate, value, threshold }) => `${gate}: ${value}, needs ${threshold}`);
  if (failing.some(({ gate }) => gate === 'shadow')) {
    const { shadow } = await scene.control.migration(scene.migration);
    const [example] = shadow?.examples ?? [];
    if (example !== undefined) words.push(`e.g. ${example}`);
  }
  return words.join('; ');
}

/** The traffic has ended: waits until the other side has all of it. */
export async function caughtUp(scene: Mover): Promise<void> {
  const ended = Date.now();
  for (;;) {
    const { stage, sync } = await scene.control.migration(scene.migration);
    if (stage === 'legacy') return; // nothing is on its way
    const isFresh = sync !== null && Date.parse(sync.reportedAt) > ended;
    if (isFresh && sync.state === 'live' && sync.lagChanges === 0) return;
    if (Date.now() - ended > PATIENCE_MS) {
      const words = sync ? `${sync.state}, ${sync.lagChanges} changes behind, ${sync.detail}` : 'no sync';
      throw new GatesRefuseError('the end', words);
    }
    await pause(LOOK_MS);
  }
}
