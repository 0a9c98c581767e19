import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '..', '..');
const END_WITH_PARENT = pathToFileURL(join(import.meta.dirname, 'end-with-parent.ts')).href;
const GRACE_MS = 5000;
const LAST_WORDS = 2000;

/** A process that has to run for the whole demo ended. */
export class ChildDiedError extends Error {
  constructor(name: string, how: string, lastWords: string) {
    super(
      `${name} ended unexpectedly (${how})${lastWords ? `; it said last:\n${lastWords}` : ', without a word'}`,
    );
    this.name = 'ChildDiedError';
  }
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Every process that the demo starts, so that none outlives it. */
export class Children {
  readonly #env: NodeJS.ProcessEnv;
  readonly #onDeath: (error: ChildDiedError) => void;
  readonly #services: ChildProcess[] = [];
  readonly #commands = new Set<ChildProcess>();
  #isStopping = false;

  constructor(env: NodeJS.ProcessEnv, onDeath: (error: ChildDiedError) => void) {
    this.#env = env;
    this.#onDeath = onDeath;
  }

  /** Starts a process that is to run until the end; resolves once it says `ready`. */
  start(name: string, args: string[], env: Record<string, string>, ready: RegExp): Promise<void> {
    const child = this.#spawn(['--import', END_WITH_PARENT, ...args], env, ['ignore', 'pipe', 'pipe', 'ipc']);
    this.#services.push(child);
    let said = '';
    return new Promise((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          said = `${said}${text}`.slice(-LAST_WORDS);
          if (ready.test(said)) resolve();
        });
      }
      child.once('close', (code, signal) => {
        if (this.#isStopping) return;
        const error = new ChildDiedError(name, signal ?? `exit code ${code}`, said.trim());
        reject(error);
        this.#onDeath(error);
      });
    });
  }

  /** Runs a command to its end and keeps what it says. */
  async run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
    const child = this.#command(args, env, ['ignore', 'pipe', 'pipe']);
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  /** Runs a command to its end; what it says goes where the story goes, progress bars included. */
  async show(args: string[], stream: NodeJS.WriteStream): Promise<number | null> {
    const fd = (stream as NodeJS.WriteStream & { fd: number }).fd;
    const [code] = (await once(this.#command(args, {}, ['ignore', fd, fd]), 'close')) as [number | null];
    return code;
  }

  /** Stops what still runs: commands first, services in the reverse order of their start. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#commands].map(stop));
    for (const child of this.#services.reverse()) await stop(child);
  }

  #command(args: string[], env: Record<string, string>, stdio: StdioOptions): ChildProcess {
    const child = this.#spawn(args, env, stdio);
    this.#commands.add(child);
    child.once('close', () => this.#commands.delete(child));
    return child;
  }

  /** In a process group of its own: a Ctrl-C on the terminal is for the demo, which then stops all in order. */
  #spawn(args: string[], env: Record<string, string>, stdio: StdioOptions): ChildProcess {
    const all = { ...this.#env, ...env };
    return spawn(process.execPath, args, { cwd: ROOT, env: all, stdio, detached: true });
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const impatient = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await gone;
  clearTimeout(impatient);
}
