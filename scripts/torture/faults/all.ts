import { UsageError } from '../options.ts';
import type { TortureOptions } from '../options.ts';
import { busFaults } from './bus.ts';
import { clockStep } from './clock.ts';
import type { Fault } from './fault.ts';
import { controlKill, copyAgain, syncKills } from './kills.ts';
import { longTransaction } from './long-transaction.ts';
import { cut, cutControl, slow } from './network.ts';
import { poison } from './poison.ts';
import { databaseFaults } from './servers.ts';
import { deaf, sleeper, twins } from './twins.ts';

const FAULTS: readonly Fault[] = [
  ...syncKills,
  controlKill,
  copyAgain,
  cut,
  cutControl,
  slow,
  ...databaseFaults,
  longTransaction,
  clockStep,
  poison,
  twins,
  sleeper,
  deaf,
];

/**
 * The faults of a run, by its options.
 * @throws UsageError when none is called so
 */
export function faultsOf({ transport, faults }: TortureOptions): readonly Fault[] {
  const all = transport === 'rabbitmq' ? [...FAULTS, ...busFaults] : FAULTS;
  const chosen = all.filter(({ kind }) => faults.length === 0 || faults.some((part) => kind.includes(part)));
  if (chosen.length > 0) return chosen;
  throw new UsageError(
    `no fault is called like ${faults.join(', ')}; there are:\n${all.map(({ kind }) => kind).join('\n')}`,
  );
}
