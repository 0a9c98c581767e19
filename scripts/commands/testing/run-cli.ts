import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const entry = join(import.meta.dirname, '..', '..', 'strangler.ts');
// Dozens of processes read the same sources: stripping their types once halves the run.
const compileCache = join(tmpdir(), 'strangler-compile-cache');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCli {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves once stdout or stderr contains `words`; fails when the command ends before. */
  says(words: string): Promise<void>;
}

/** Starts the CLI as a process of its own, in a folder without a configuration. */
export function startCli(args: string[], env: Record<string, string> = {}, cwd = tmpdir()): RunningCli {
  const { PATH, HOME } = process.env as { PATH: string; HOME: string };
  const child = spawn(process.execPath, [entry, ...args], {
    cwd,
    env: { PATH, HOME, NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk;
      child.emit('said');
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
  const says = async (words: string) => {
    while (!said.stdout.includes(words) && !said.stderr.includes(words)) {
      const next = await Promise.race([once(child, 'said'), ended]);
      if (!Array.isArray(next))
        throw new Error(`It ended without saying "${words}": ${JSON.stringify(next)}`);
    }
  };
  return { child, ended, says };
}

/** Runs the CLI to its end. */
export function runCli(args: string[], env: Record<string, string> = {}, cwd?: string): Promise<Ended> {
  return startCli(args, env, cwd).ended;
}
