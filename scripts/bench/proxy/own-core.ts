import { execFileSync } from 'node:child_process';

/** The core that the proxies have to themselves. */
export const PROXY_CORE = 1;
/** The one that everybody else shares: load, application and what starts them. */
export const SHARED_CORE = 0;

/** Keeps processes, their threads and whatever they start from now on to one core. Throws where there is no `taskset`. */
export function keepOn(core: number, pids: readonly number[]): void {
  for (const pid of pids)
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
}
