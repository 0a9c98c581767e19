import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from '../../proxy/control/testing/control-bed.ts';
import { LAG_GATE, journaled } from '../../proxy/control/testing/memory-lifecycle.ts';
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

  it('a route is told with its host and what it asks for besides', async () => {
    const [route] = bed.lifecycle.migrations[0]!.routes;
    Object.assign(route!, { host: '*.example.com', path: '/p', conditions: ['header x-beta = yes'] });
    const { stdout } = await run('status', 'catalog');
    expect(stdout).toMatch(/^GET +\*\.example\.com\/p \(header x-beta = yes\) +reads +monolith$/m);
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

describe('the journal', () => {
  it('says from where to where, which step of a ramp, and which guardrail broke, with its evidence', async () => {
    const change = { verb: 'canary', from: 'shadow', to: 'canary', weight: 5 };
    bed.lifecycle.journal = [
      journaled({ kind: 'stage-changed', evidence: { ...change, ramp: { steps: [{}, {}], at: 0 } } }),
      journaled({
        kind: 'stage-changed',
        actor: 'guardrail',
        reason: 'error rate: 15 % of 200 reads of the service, at most 1 %, in the last 42 s',
        evidence: { from: 'canary', to: 'shadow', weight: 0, broken: [{ guardrail: 'error rate' }] },
      }),
      journaled({ kind: 'cutover-started', evidence: { from: 'canary', to: 'extracted' } }),
      journaled({ kind: 'owner-changed', evidence: { owner: 'service' } }),
    ];
    const { stdout } = await run('log');
    expect(stdout.trimEnd().split('\n').slice(1)).toEqual([
      expect.stringMatching(/ catalog +shadow → canary 5 %, step 1 of 2 of a ramp +1 +ada@desk/),
      expect.stringMatching(
        / canary → shadow, broken: error rate +1 +guardrail +error rate: 15 % of 200 reads .*at most 1 %, in the last 42 s$/,
      ),
      expect.stringMatching(/ cutover-started: canary → extracted /),
      expect.stringMatching(/ owner-changed: service /),
    ]);
  });
});

describe('the addresses of both sides', () => {
  it('are shown with what is wrong with them and since when, and without old errors of one that is well', async () => {
    const since = new Date(Date.now() - 5 * 60_000).toISOString();
    bed.lifecycle.migrations[0]!.addresses = [
      { side: 'monolith', address: 'old:80', state: 'healthy', since, lastError: 'ECONNRESET' },
      { side: 'service', address: 'new:80', state: 'ejected', since, lastError: 'answers 503' },
    ];
    const { stdout } = await run('status', 'catalog');
    expect(stdout).toContain(
      'Addresses:\n  - monolith old:80: healthy for 5 min\n  - service new:80: ejected for 5 min: answers 503\n',
    );
  });
});

describe('a ramp', () => {
  it('is shown with step, time, reads, what it waits for, and each guardrail with its evidence', async () => {
    Object.assign(bed.lifecycle.migrations[0]!, {
      stage: 'canary',
      ramp: {
        steps: ['1 % for 5 min', '5 % for 10 min', '100 % for 5 min'],
        step: 2,
        secondsLeft: 200,
        reads: { soFar: 3, needed: 100 },
        waitsFor: ['more traffic: 3 of 100 reads of the service in the window'],
      },
      guardrails: [
        { guardrail: 'lag', verdict: 'ok', value: '0.1 s', threshold: 'at most 10 s', window: 'now' },
        {
          guardrail: 'p99',
          verdict: 'no data',
          value: 'no reads of the service',
          threshold: '2 times',
          window: '5 min',
        },
      ],
    });
    const { stdout } = await run('status', 'catalog');
    expect(stdout).toMatch(/RAMP +step 2 of 3, 5 % for 10 min: 3 min left, 3 of 100 reads\n/);
    expect(stdout).toMatch(/The ramp waits for:\n {2}- more traffic: 3 of 100 reads/);
    expect(stdout).toMatch(
      /Guardrails:\n {2}- lag ok: 0\.1 s \(at most 10 s; window: now\)\n {2}- p99 no data: /,
    );
  });

  it('that a guardrail ended says from where and why', async () => {
    bed.lifecycle.migrations[0]!.takenBack = {
      at: new Date().toISOString(),
      weight: 25,
      why: ['lag: 12.0 s, at most 10 s, now'],
    };
    const { stdout } = await run('status', 'catalog');
    expect(stdout).toMatch(/GUARDRAIL +taken back from 25 %: lag: 12\.0 s, at most 10 s, now/);
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
    const locked = await startControlBed({
      tokens: [{ name: null, role: 'operator', secret: 'open sesame' }],
    });
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
