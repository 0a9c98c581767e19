import { setTimeout as pause } from 'node:timers/promises';
import type { Schemas } from '../commands/client.ts';
import type { Scene } from './scene.ts';

const LOOK_MS = 500;
const PATIENCE_MS = 90_000;

/** The gates of a move did not hold in time. */
export class GatesRefuseError extends Error {
  constructor(verb: string, failing: string) {
    super(`the gates of "${verb}" refuse after ${PATIENCE_MS / 1000} s: ${failing}`);
    this.name = 'GatesRefuseError';
  }
}

/**
 * Waits until the gates of a move hold, and says what it waits for.
 *
 * @param except a gate that something else is going to be done about
 */
export async function gatesHold(scene: Scene, request: Schemas['MoveRequest'], except = ''): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  let said = '';
  for (;;) {
    const { gates } = await scene.control.plan('catalog', request);
    const failing = gates.filter(({ gate, passed }) => !passed && gate !== except);
    if (failing.length === 0) return;
    const words = failing
      .map(({ gate, value, threshold }) => `${gate}: ${value}, needs ${threshold}`)
      .join('; ');
    if (Date.now() > until) throw new GatesRefuseError(request.verb, words);
    const names = failing.map(({ gate }) => gate).join(', ');
    if (names !== said || scene.narrator.stream.isTTY) scene.narrator.waiting(`waiting for ${words}`);
    said = names;
    await pause(LOOK_MS);
  }
}

/** The traffic has ended: waits until the other side has all of it. */
export async function caughtUp(scene: Scene): Promise<void> {
  const ended = Date.now();
  for (;;) {
    const { sync } = await scene.control.migration('catalog');
    const isFresh = sync !== null && Date.parse(sync.reportedAt) > ended;
    if (isFresh && sync.state === 'live' && sync.lagChanges === 0) return;
    if (Date.now() - ended > PATIENCE_MS) {
      const words = sync ? `${sync.state}, ${sync.lagChanges} changes behind, ${sync.detail}` : 'no sync';
      throw new GatesRefuseError('the end', words);
    }
    await pause(LOOK_MS);
  }
}
