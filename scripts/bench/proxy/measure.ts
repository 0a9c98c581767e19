import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningContender } from './contenders.ts';
import type { Load, LoadResult } from './load.ts';
import type { Shadowed } from './strangler-proxy.ts';

/** What is sent, and how. */
export type Trial = Omit<Load, 'url' | 'cookie'>;

export interface Measured extends LoadResult {
  /** CPU time of the proxy in microseconds, all its processes together. */
  cpuPerRequest: number;
  /** Share of it that the busiest process has. */
  busiest: number;
  /** Resident memory in MiB after the run, all together. */
  memory: number;
  /** Share of the reads offered for comparison that were compared: the rest were too many at a time. Null without any. */
  compared: number | null;
}

/** Of /proc/…/stat: the kernel counts in hundredths of a second. */
const TICK_US = 10_000;

/** Lets the load run once against one contender. Throws where a request fails. */
export async function measure(contender: RunningContender, load: Trial): Promise<Measured> {
  const { url, pids } = contender;
  const { path } = load;
  const first = await fetch(`${url}${path}`);
  await first.arrayBuffer();
  const cookie = first.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const shadowedBefore = await contender.shadowed?.();
  const before = pids.map(cpuOf);
  const result = await resultOf({ ...load, url, cookie });
  if (result.failed > 0) throw new Error(`${url}: ${result.failed} of ${result.requests} requests failed`);
  const spent = pids.map((pid, i) => cpuOf(pid) - (before[i] ?? 0));
  return {
    ...result,
    cpuPerRequest: sum(spent) / result.requests,
    busiest: Math.max(...spent) / sum(spent),
    memory: sum(pids.map(memoryOf)),
    compared: shareBetween(shadowedBefore, await contender.shadowed?.()),
  };
}

function shareBetween(before: Shadowed | undefined, after: Shadowed | undefined): number | null {
  if (!before || !after || after.offered === before.offered) return null;
  return (after.compared - before.compared) / (after.offered - before.offered);
}

async function resultOf(load: Load): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, 'load.ts'));
  child.send(load);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the load ended with exit code ${code} and no result`);
  });
  const [result] = (await Promise.race([once(child, 'message'), ended])) as [LoadResult];
  return result;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold blanks; user and system time are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
