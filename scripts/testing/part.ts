import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const READY = { sync: /^sync /m, control: /^dashboard /m, proxy: /^proxy /m };
const START_MS = 60_000;
const STOP_MS = 10_000;
const RESTART_MS = 200;
/** What the product ends with when its configuration or command line is wrong: starting it again helps nobody. */
const WRONG_USAGE = 2;

export type Role = keyof typeof READY;

export interface PartSettings {
  /** The tree that the product is run from. */
  product: string;
  config: string;
  folder: string;
  env: NodeJS.ProcessEnv;
  /** URLs of modules that are loaded before the product. */
  imports?: readonly string[];
  say(line: string): void;
}

/** One process of the product, started again whenever it ends, as a supervisor does it. */
export class Part {
  readonly name: string;
  /** How often it ended though nobody killed it. */
  endedByItself = 0;
  private readonly role: Role;
  private readonly settings: PartSettings;
  private child: ChildProcess | null = null;
  private isWanted = false;
  private wasKilled = false;
  private wasReady = false;
  private ready: Promise<void> = Promise.resolve();

  constructor(name: string, role: Role, settings: PartSettings) {
    this.name = name;
    this.role = role;
    this.settings = settings;
  }

  /** Resolves once it runs. */
  async start(): Promise<void> {
    this.isWanted = true;
    if (!this.child) this.run();
    await this.ready;
  }

  /** Resolves once the process that runs, or that is being started, is ready. */
  whenReady(): Promise<void> {
    return this.ready;
  }

  /** `kill -9`, at this very moment; it is started again. */
  kill(): void {
    this.wasKilled = true;
    this.signal('SIGKILL');
  }

  /** Stops the process in the middle of whatever it does, until `wake`. */
  sleep(): void {
    this.signal('SIGSTOP');
  }

  wake(): void {
    this.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    this.isWanted = false;
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    this.wasKilled = true;
    const gone = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(impatient);
  }

  /** For the end of the test's own process, when nothing can be awaited any more. */
  killForGood(): void {
    this.isWanted = false;
    this.signal('SIGKILL');
  }

  private signal(signal: NodeJS.Signals): void {
    const { child } = this;
    if (child && child.exitCode === null && child.signalCode === null) child.kill(signal);
  }

  private run(): void {
    const { product, config, env, folder, imports = [] } = this.settings;
    const args = [
      ...imports.flatMap((url) => ['--import', url]),
      join(product, 'scripts', 'strangler.ts'),
      '-c',
      config,
      'up',
      '--only',
      this.role,
    ];
    const child = spawn(process.execPath, args, {
      cwd: product,
      env,
      // With a channel a part ends when the test is gone.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    this.wasKilled = false;
    let said = '';
    this.ready = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.name} did not start: ${said}`)), START_MS);
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          said = `${said}${text}`.slice(-2000);
          appendFileSync(join(folder, `${this.name}.log`), text);
          if (!READY[this.role].test(said)) return;
          clearTimeout(late);
          this.wasReady = true;
          resolve();
        });
      }
      child.once('exit', (code, signal) => {
        clearTimeout(late);
        this.child = null;
        if (!this.wasKilled) {
          this.endedByItself += 1;
          this.settings.say(
            `${this.name} ended by itself (${signal ?? code}): ${said.trim().split('\n').at(-1) ?? ''}`,
          );
        }
        if (code === WRONG_USAGE || !this.wasReady) reject(new Error(`${this.name} cannot start: ${said}`));
        else void this.restart().then(resolve, reject);
      });
    });
    this.ready.catch(() => undefined);
  }

  /** The next process stands for the one that ended: who waits for this one waits for that. */
  private async restart(): Promise<void> {
    if (!this.isWanted) return;
    await pause(this.wasKilled ? 0 : RESTART_MS);
    if (!this.isWanted || this.child) return;
    this.run();
    await this.ready;
  }
}
