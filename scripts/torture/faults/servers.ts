import { SIDES } from '../sides.ts';
import type { Fault } from './fault.ts';

export const databaseFaults: readonly Fault[] = [
  ...SIDES.map((side): Fault => ({
    kind: `database restarted: ${side}`,
    strike: async ({ servers }) => {
      await servers[side].restart();
      return '';
    },
  })),
  {
    kind: 'database crashed',
    strike: async ({ servers }, random) => {
      const side = random.pick(SIDES);
      await servers[side].crash();
      return `the ${side}'s`;
    },
  },
  {
    kind: 'control store restarted',
    strike: async ({ servers, moves }) => {
      await servers.control.restart();
      await moves.until('the control API answers', ({ moving }) => moving === null);
      return '';
    },
  },
];
