import { setTimeout as pause } from 'node:timers/promises';
import { atStep, ROUND } from './at-step.ts';
import type { Fault } from './fault.ts';

/** Two sync processes do the same work at the same time; then one of them dies. */
export const twins: Fault = {
  kind: 'two syncs at once',
  strike: async ({ sync, second, moves, writers }, random) => {
    await second.start();
    await writers.more(80);
    const came = await moves.changeOwner().catch((error: Error) => error.message);
    await writers.more(40);
    const one = random.pick([sync, second]);
    one.kill();
    await second.stop();
    return `${one.name} was killed (${came})`;
  },
};

/** Longer than a database keeps the transaction of a process that says nothing. */
const SLEEP_MS = 5500;

/** A sync falls asleep in the middle of a step, another takes over, the owner changes there and back, and it wakes up. */
export const sleeper: Fault = {
  kind: 'a sync sleeps and wakes',
  strike: async (scene, random) => {
    const { sync, second, moves, writers } = scene;
    const step = random.pick(ROUND.filter(({ moment }) => moment !== 'unsent'));
    await atStep(scene, sync, step, () => sync.sleep());
    const slept = pause(SLEEP_MS);
    try {
      await second.start();
      await moves.changeOwnerSurely();
      await moves.changeOwnerSurely();
      await writers.more(40);
      await slept;
    } finally {
      sync.wake();
    }
    await writers.more(60);
    await second.stop();
    return `at "${step.name}", through two changes of owner`;
  },
};

/** A sync hears nothing of the journal any more and goes on by what it knew, while the owner changes there and back. */
export const deaf: Fault = {
  kind: 'a sync does not hear of the moves',
  strike: async ({ sync, second, moves, writers }) => {
    await second.start();
    sync.wires.control.cut();
    try {
      await moves.changeOwnerSurely();
      await writers.more(40);
      await moves.changeOwnerSurely();
      await writers.more(80);
    } finally {
      sync.wires.control.mend();
    }
    await writers.more(20);
    await second.stop();
    return 'through two changes of owner';
  },
};
