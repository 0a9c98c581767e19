import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from '../../proxy/control/testing/control-bed.ts';
import { LAG_GATE } from '../../proxy/control/testing/memory-lifecycle.ts';
import { ControlError } from '../../proxy/control/lifecycle.ts';
import { runCli } from './testing/run-cli.ts';

let bed: ControlBed;
beforeEach(async () => {
  bed = await startControlBed();
});
afterEach(() => bed.close());

const run = (...args: string[]) => runCli(['--url', bed.url, ...args]);
const ESCAPES = /\u001b/;

describe('piped', () => {
  it('the status is a plain line for each migration', async () => {
    const { stdout, stderr } = await run('status');
    expect(stdout).not.toMatch(ESCAPES);
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^MIGRATION +STAGE +OWNER +READS +WRITES +WEIGHT +ACTUAL +LAG +VERIFIED +NEXT MOVE$/,
      ),
      expect.stringMatching(/^catalog +legacy +monolith +monolith +monolith +0 % +- +- +never +sync: ready$/),
      expect.stringMatching(/^orders +legacy/),
    ]);
    expect(stderr).toBe('');
  });

  it('one migration is told in full', async () => {
    Object.assign(bed.lifecycle.migrations[0]!, {
      next: 'cutover',
      waitsFor: ['lag is 12 s'],
      back: 'rollback',
    });
    const { stdout } = await run('status', 'catalog');
    expect(stdout).toMatch(
      /WAY BACK +rollback[^]*waits for:\n {2}- lag is 12 s[^]*GET +\/catalog\/\*\* +reads +monolith/,
    );
  });

  it('what came from elsewhere cannot drive the terminal', async () => {
    bed.lifecycle.migrations[0]!.waitsFor = ['\u001b]0;owned\u0007 \u001b[2J\rhidden'];
    const { stdout } = await run('status');
    expect(stdout).not.toMatch(ESCAPES);
    expect(stdout).toContain('·]0;owned· ·[2J·hidden');
  });

  it('ends quietly when nobody reads on', async () => {
    const shell = spawn('sh', [
      '-c',
      `"$0" "$1" --url "$2" log | true`,
      process.execPath,
      join(import.meta.dirname, '..', 'strangler.ts'),
      bed.url,
    ]);
    let said = '';
    shell.stderr.on('data', (chunk) => (said += String(chunk)));
    expect(await once(shell, 'close')).toEqual([0, null]);
    expect(said).toBe('');
  });
});

describe('-o json', () => {
  it.each([
    [['status'], (value: { name: string }[]) => value.map(({ name }) => name), ['catalog', 'orders']],
    [['status', 'orders'], (value: { name: string }) => value.name, 'orders'],
    [['plan', 'catalog', 'cutover'], (value: { allowed: boolean }) => value.allowed, false],
    [['cutover', 'catalog'], (value: { to: string }) => value.to, 'extracted'],
    [
      ['sync', 'catalog'],
      (value: { to: string; sync: null }) => [value.to, value.sync],
      ['dual-write', null],
    ],
    [
      ['log', 'orders'],
      (value: { evidence: unknown }[]) => value.map(({ evidence }) => evidence),
      [{ lagSeconds: 0.1 }],
    ],
    [['resume'], (value: unknown) => value, []],
  ])('%j is one JSON value on stdout', async (args, pick, expected) => {
    const { stdout } = await run(...args, '-o', 'json');
    expect(pick(JSON.parse(stdout) as never)).toEqual(expected);
  });

  it('a refusal is the problem, and words for a person on stderr', async () => {
    bed.lifecycle.onMove = async () => {
      throw new ControlError('gate-refused', 'lag', [LAG_GATE]);
    };
    const { code, stdout, stderr } = await run('cutover', 'catalog', '-o', 'json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ code: 'gate-refused', gates: [LAG_GATE] });
    expect(stderr).toMatch(/A gate refused/);
  });
});

describe('who asks and why', () => {
  it('goes with the order', async () => {
    await run('cutover', 'catalog', '--reason', 'Tuesday is quiet – let us go');
    expect(bed.lifecycle.orders[0]?.actor).toEqual({
      name: expect.stringMatching(/^\S+@\S+$/),
      reason: 'Tuesday is quiet – let us go',
    });
  });

  it('needs the token from the environment where one is asked for', async () => {
    const locked = await startControlBed({ token: 'open sesame' });
    const without = await runCli(['--url', locked.url, 'status']);
    expect([without.code, without.stderr]).toEqual([
      2,
      expect.stringMatching(/A token is needed: Set STRANGLER_TOKEN/),
    ]);
    const wrong = await runCli(['--url', locked.url, 'status'], { STRANGLER_TOKEN: 'wrong' });
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/not the right one/)]);
    const right = await runCli(['status'], { STRANGLER_TOKEN: 'open sesame', STRANGLER_URL: locked.url });
    expect(right.code).toBe(0);
    await locked.close();
  });
});

describe('the address of the control API', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'strangler-cli-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const configure = (text: string) => writeFileSync(join(folder, 'strangler.yaml'), text);
  const port = () => new URL(bed.url).port;

  it.each([
    ['written plainly', (to: string) => `control: { listen: '127.0.0.1:${to}' }`],
    ['on every interface', (to: string) => `control: { listen: '0.0.0.0:${to}' }`],
    [
      'from the environment, where the rest is not set',
      (to: string) => `control: { listen: '\${HOST:-127.0.0.1}:${to}' }\nmonolith: \${NOT_SET}`,
    ],
  ])('comes from the configuration: %s', async (_how, text) => {
    configure(text(port()));
    expect(await runCli(['status'], {}, folder)).toMatchObject({ code: 0, stderr: '' });
  });

  it('needs no valid configuration when it is given: a rollback must go on', async () => {
    configure('control: [not, a, configuration');
    expect(await runCli(['rollback', 'catalog'], { STRANGLER_URL: bed.url }, folder)).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it.each(['control: [not, a', 'control: { listen: 5 }', "control: { listen: '${NOT_SET}:1' }"])(
    'is the usual one for %s',
    async (text) => {
      configure(text);
      const { stderr } = await runCli(['status'], {}, folder);
      expect(stderr).toMatch(
        /control\.listen in .*strangler\.yaml cannot be read; using http:\/\/127\.0\.0\.1:8081/,
      );
    },
  );
});
