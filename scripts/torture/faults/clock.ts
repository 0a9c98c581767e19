import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './fault.ts';

const STEPS_MS = [3_600_000, -3_600_000, 86_400_000, -5000, 5000];

/** Somebody sets the clock of a process, and back. */
export const clockStep: Fault = {
  kind: 'clock step',
  strike: async ({ sync, control, moves }, random) => {
    const part = random.pick([sync, control]);
    const offset = random.pick(STEPS_MS);
    part.setClock(offset);
    await pause(200);
    const came = await moves.changeOwner().catch((error: Error) => error.message);
    await pause(500);
    part.setClock(0);
    return `${part.name} by ${offset / 1000} s, and back (${came})`;
  },
};
