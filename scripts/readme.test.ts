import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePorts } from './testing/free-ports.ts';
import type { ExampleApplication } from './testing/example-application.ts';
import { startExampleApplication } from './testing/example-application.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text ?? '');
const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));
const ours = commands.filter((command) => command.startsWith('npx strangler '));

/** A person who is refused waits for what the gate asks for; so does the test, until then. */
const PATIENCE_MS = 60_000;
const REFUSED = 3;

let folder: string;
let application: ExampleApplication;
let environment: NodeJS.ProcessEnv;
let proxy: string;
let reading: Promise<void>;
const stopReading = new AbortController();
let running: ChildProcess | undefined;

beforeAll(async () => {
  application = await startExampleApplication(process.env.STRANGLER_TEST_POSTGRES ?? '');
  folder = mkdtempSync(join(tmpdir(), 'strangler-readme-'));
  // Run by root, the embedded PostgreSQL has a user of its own, who has to get in here.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'strangler.yaml'), blocks('yaml')[0] ?? '');
  const [proxyPort, controlPort] = await freePorts(2);
  proxy = `http://127.0.0.1:${proxyPort}`;
  environment = {
    ...process.env,
    ...application.environment,
    PROXY_LISTEN: `127.0.0.1:${proxyPort}`,
    CONTROL_LISTEN: `127.0.0.1:${controlPort}`,
  };
}, 60_000);

afterAll(async () => {
  stopReading.abort();
  await reading;
  if (running && running.exitCode === null && running.signalCode === null) {
    // Its parts end with it.
    running.kill('SIGKILL');
    await once(running, 'exit');
  }
  await application.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}, 60_000);

describe('the README', () => {
  it('names only npm scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...readme.matchAll(/\bnpm (?:run )?(demo|test|check|[a-z:]+)\b/g)].map(([, name]) => name);
    const known = [...Object.keys(scripts), 'install', 'pack', 'installed'];
    expect(named.filter((name) => !known.includes(name ?? ''))).toEqual([]);
  });

  it('has no command in it that nothing tries', () => {
    expect(
      commands.filter((command) => !/^npx strangler |^npm (run demo|test|install .+)$/.test(command)),
    ).toEqual([]);
    expect(ours.length).toBeGreaterThan(10);
  });

  it('moves an application there, back, and there again by its own commands', async () => {
    for (const command of ours) {
      if (command === 'npx strangler up') await up();
      else expect([command, await persist(command)]).toEqual([command, expect.objectContaining({ code: 0 })]);
    }
  }, 240_000);
});

/** Starts the product, and then a client that reads for as long as the test goes. */
async function up(): Promise<void> {
  const child = start('npx strangler up');
  running = child;
  let said = '';
  child.stdout?.on('data', (text: string) => (said += text));
  const ended = once(child, 'exit').then(() => 'ended');
  while (!/^ready$/m.test(said)) {
    if ((await Promise.race([once(child.stdout ?? child, 'data'), ended])) === 'ended') throw new Error(said);
  }
  reading = (async () => {
    while (!stopReading.signal.aborted) await (await fetch(`${proxy}/api/products`)).text().catch(() => '');
  })().catch(() => undefined);
}

/** Runs a command, again while a gate refuses it. */
async function persist(command: string): Promise<{ code: number; said: string }> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const ended = await run(command);
    if (ended.code !== REFUSED || Date.now() > giveUpAt) return ended;
  }
}

async function run(command: string): Promise<{ code: number; said: string }> {
  const child = start(command);
  let said = '';
  for (const output of [child.stdout, child.stderr]) output?.on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
}

/** The words of a command line as a shell would take them; the README uses no more of a shell than quotes. */
function start(command: string): ChildProcess {
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const launcher = join(root, 'scripts', 'launch.mjs');
  const child = spawn(process.execPath, [launcher, ...words.slice(2)], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8').resume();
  return child;
}
