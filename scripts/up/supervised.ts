import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';
import { PROCESS_FLAGS } from '../../proxy/data-plane/process-flags.ts';

export type PartName = 'control' | 'proxy' | 'sync';

/** What a part tells who started it: how it shows itself once it is up, or why it is not. */
export interface Saying {
  ready?: string;
  failed?: string;
}

/** Tells a part which store its parent opened. */
export const STORE_URL = 'STRANGLER_STORE_URL';

/** Tells a proxy which of those that share a port it is, from 1 on. */
export const PROCESS_NUMBER = 'STRANGLER_PROCESS_NUMBER';

/** Longer than a proxy gives its running requests. */
const STOP_MS = 15_000;
const RESTART_MS = [100, 500, 2000, 5000];
/** A part that is not up for the first time by then does not come up: a port that is taken stays taken. */
const START_MS = 60_000;

/** What a supervised part is started with. */
export interface PartToStart {
  name: PartName;
  /** Which of several, from 1 on. */
  number?: number;
  /** Path of strangler.yaml. */
  config: string;
  storeUrl: string;
  /** Of the process besides ours; asked each time it is started. */
  environment: () => NodeJS.ProcessEnv;
}

/** A part in a process of its own, started again whenever it ends. */
export class Supervised {
  /** What it says once it is up; rejects when it did not come up in time, with what it last said. */
  readonly ready: Promise<string>;
  private readonly part: PartToStart;
  private child: ChildProcess | null = null;
  private failures = 0;
  private isStopping = false;
  private restarting: NodeJS.Timeout | undefined;
  private lastSaid = 'it said nothing';
  private becomeReady: (line: string) => void = () => undefined;

  constructor(part: PartToStart, startMs = START_MS) {
    this.part = part;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.ready = promise;
    this.becomeReady = resolve;
    const late = setTimeout(() => reject(new Error(this.notUp(startMs))), startMs);
    const isKnown = (): void => clearTimeout(late);
    promise.then(isKnown, isKnown);
    this.run();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.restarting);
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(impatience);
  }

  private get called(): string {
    const { name, number } = this.part;
    return number === undefined ? name : `${name} ${number}`;
  }

  private notUp(ms: number): string {
    return `the part "${this.called}" did not come up within ${ms / 1000} s (${this.failures} times it ended by itself); the last of it: ${this.lastSaid}`;
  }

  private run(): void {
    const { name, number = 1, config, storeUrl, environment } = this.part;
    const entry = join(import.meta.dirname, '..', `strangler${extname(import.meta.filename)}`);
    const child = fork(entry, ['up', '--only', name, '--config', config], {
      env: { ...process.env, ...environment(), [STORE_URL]: storeUrl, [PROCESS_NUMBER]: String(number) },
      execArgv: [...process.execArgv, ...(name === 'proxy' ? PROCESS_FLAGS : [])],
      // What a part writes to its output is its access log, should it be told to write it there.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child = child;
    child.on('message', ({ ready, failed }: Saying) => {
      if (failed !== undefined) this.lastSaid = failed;
      if (ready === undefined) return;
      this.failures = 0;
      this.becomeReady(ready);
    });
    child.once('exit', (code, signal) => {
      if (this.isStopping) return;
      const delay = RESTART_MS[Math.min(this.failures, RESTART_MS.length - 1)] ?? 0;
      this.failures += 1;
      process.stderr.write(`${this.called} ended (${signal ?? code}); starting it again in ${delay} ms\n`);
      this.restarting = setTimeout(() => this.run(), delay);
    });
  }
}
