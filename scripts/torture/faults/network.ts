import { setTimeout as pause } from 'node:timers/promises';
import { SERVERS } from '../servers.ts';
import { atStep, ROUND } from './at-step.ts';
import type { Fault } from './fault.ts';

/** The connections of the sync break while a step is on its way, and cannot be made again for a while. */
export const cut: Fault = {
  kind: 'network cut',
  strike: async (scene, random) => {
    const step = random.pick(ROUND);
    const wire = scene.sync.wires[random.pick(SERVERS)];
    const ms = 100 + random.below(1500);
    await atStep(scene, scene.sync, step, () => wire.cut());
    await pause(ms);
    wire.mend();
    return `${wire.name} at "${step.name}" for ${ms} ms`;
  },
};

export const slow: Fault = {
  kind: 'network slow',
  strike: async ({ sync, control }, random) => {
    const wire = random.pick([sync, control]).wires[random.pick(SERVERS)];
    const [each, ms] = [5 + random.below(60), 500 + random.below(1500)];
    wire.slowDown(each);
    await pause(ms);
    wire.mend();
    return `${wire.name}: ${each} ms each way, for ${ms} ms`;
  },
};

/** The coordinator is cut off from one database in the middle of a change of owner. */
export const cutControl: Fault = {
  kind: 'network cut: change of owner',
  strike: async ({ moves, control }, random) => {
    const wire = control.wires[random.pick(SERVERS)];
    const after = 1 + random.below(25);
    let passed = 0;
    let takeAway = (): void => undefined;
    const lay = (): void => {
      takeAway = wire.trap(/./, 'answered', () => {
        passed += 1;
        if (passed === after) wire.cut();
        else lay();
      });
    };
    const moving = moves.changeOwner().catch((error: Error) => error.message);
    lay();
    await Promise.race([moving, pause(2500)]);
    takeAway();
    wire.mend();
    const came = await moving;
    await moves.until('the move has ended', (status) => status.moving === null);
    return `${wire.name} after ${passed} statements (${came})`;
  },
};
