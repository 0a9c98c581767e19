import { again } from './again.ts';
import { bank } from './bank.ts';
import { bulk } from './bulk.ts';
import { family } from './family.ts';
import { listAppend } from './list-append.ts';
import { rename } from './rename.ts';
import { swap } from './swap.ts';
import { truncate } from './truncate.ts';
import type { Workload } from './workload.ts';

export const WORKLOADS: readonly Workload[] = [listAppend, bank, swap, again, family, bulk, rename, truncate];

/** @throws when there is none of that name: a write was garbled on its way */
export function workloadOf(name: string): Workload {
  const found = WORKLOADS.find((workload) => workload.name === name);
  if (!found) throw new Error(`there is no workload "${name}"`);
  return found;
}
