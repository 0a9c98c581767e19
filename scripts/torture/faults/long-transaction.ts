import { setTimeout as pause } from 'node:timers/promises';
import { NotDoneError } from '../not-done.ts';
import { numbers } from '../workloads/workload.ts';
import { again } from '../workloads/again.ts';
import { bulk } from '../workloads/bulk.ts';
import { family } from '../workloads/family.ts';
import { listAppend } from '../workloads/list-append.ts';
import type { Fault } from './fault.ts';

let transactions = 0;

/** Keys that nobody else writes: the others must not wait for it. */
const FAR = 1_000_000;

const PARTS = [
  { workload: listAppend, kind: 'append' },
  { workload: again, kind: 'put' },
  { workload: family, kind: 'birth' },
  { workload: bulk, kind: 'fill' },
];

/**
 * A transaction writes a bit of everything, stays open while the others go on, and commits: its changes are older than
 * many that were read before. A change of owner that begins meanwhile waits for it, and is taken back.
 */
export const longTransaction: Fault = {
  kind: 'long transaction',
  strike: async ({ ledger, sides, moves }, random) => {
    transactions += 1;
    const owner = await moves.owner();
    const ms = 400 + random.below(2500);
    const entries = PARTS.flatMap(({ workload, kind }) =>
      numbers(3).map((n) => {
        const args = [FAR + transactions * 10 + n];
        const write = { op: `long${transactions}-${kind}-${n}`, workload: workload.name, kind, args };
        return {
          workload,
          entry: ledger.begin(write, workload.effects(write), `a long job at the ${owner}`),
        };
      }),
    );
    const moving = pause(ms / 2).then(() => (random.below(2) === 0 ? moves.changeOwner() : 'no move'));
    try {
      await sides[owner].transaction(async (sql) => {
        for (const { workload, entry } of entries) await workload.perform(sql, owner, entry.write);
        await pause(ms);
      });
      for (const { entry } of entries) ledger.acknowledge(entry);
    } catch (error) {
      for (const { entry } of entries) {
        if (error instanceof NotDoneError) ledger.strike(entry, error.isFenced);
        else ledger.leaveOpen(entry);
      }
    }
    return `${ms} ms at the ${owner}; meanwhile ${await moving.catch((error: Error) => error.message)}`;
  },
};
