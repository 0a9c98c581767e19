import { setTimeout as pause } from 'node:timers/promises';
import { NeverError } from '../moves.ts';
import type { Moment, Relay } from '../relay/relay.ts';
import type { Scene } from '../scene.ts';
import type { Fault } from './fault.ts';

/** What a change goes through on the bus, in its order. */
const WAY: readonly { name: string; statement: RegExp; moment: Moment }[] = [
  { name: 'publish not sent', statement: /publish/, moment: 'unsent' },
  { name: 'published', statement: /publish/, moment: 'sent' },
  { name: 'delivery not heard', statement: /deliver/, moment: 'unanswered' },
  { name: 'delivered', statement: /deliver/, moment: 'answered' },
  { name: 'acknowledgement not sent', statement: /ack/, moment: 'unsent' },
  { name: 'acknowledged', statement: /ack/, moment: 'sent' },
  { name: 'confirmation not heard', statement: /ack/, moment: 'unanswered' },
  { name: 'confirmed', statement: /ack/, moment: 'answered' },
];
const brokerOf = ({ sync }: Scene): Relay => {
  const { broker } = sync.wires;
  if (!broker) throw new NeverError('there is no broker in this run');
  return broker;
};

/** Faults of the way over a broker. */
export const busFaults: readonly Fault[] = [
  ...WAY.map(({ name, statement, moment }): Fault => ({
    kind: `kill sync: ${name}`,
    strike: async (scene) => {
      const killed = new Promise<true>((resolve) => {
        brokerOf(scene).trap(statement, moment, () => {
          scene.sync.kill();
          resolve(true);
        });
      });
      if (!(await Promise.race([killed, pause(scene.moves.patienceMs, false)]))) {
        throw new NeverError(`"${name}" (${statement}) never passed between the sync and the broker`);
      }
      return '';
    },
  })),
  {
    kind: 'broker away',
    strike: async (scene, random) => {
      const ms = 500 + random.below(4000);
      const wires = [scene.sync, scene.second, scene.control].flatMap((part) => part.wires.broker ?? []);
      for (const wire of wires) wire.cut();
      await pause(ms);
      for (const wire of wires) wire.mend();
      return `for ${ms} ms`;
    },
  },
];
