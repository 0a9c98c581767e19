import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from '../../proxy/control/testing/control-bed.ts';
import { LAG_GATE } from '../../proxy/control/testing/memory-lifecycle.ts';
import { CONTROL_ERRORS, ControlError, type ControlErrorCode } from '../../proxy/control/lifecycle.ts';
import { runCli, startCli } from './testing/run-cli.ts';

let bed: ControlBed;
beforeEach(async () => {
  bed = await startControlBed();
});
afterEach(() => bed.close());

const run = (...args: string[]) => runCli(['--url', bed.url, ...args]);
const refuseMovesWith = (code: ControlErrorCode) => {
  bed.lifecycle.onMove = async () => {
    throw new ControlError(code, 'because of a test', code === 'gate-refused' ? [LAG_GATE] : []);
  };
};

describe('0, done', () => {
  it.each([
    [['status']],
    [['status', 'catalog']],
    [['log']],
    [['log', '--verify']],
    [['resume']],
    [['resume', '--dry-run']],
    [['abort', 'catalog', '--reason', 'a test']],
    [['shadow', 'catalog']],
    [['canary', 'catalog', '--weight', '0.1']],
    [['canary', 'catalog', '--weight', '12.5']],
    [['canary', 'catalog', '--ramp']],
    [['cutover', 'catalog']],
    [['rollback', 'catalog']],
    [['retire', 'catalog', '--yes']],
    [['retire', 'catalog', '--drop-guard']],
    [['retire', 'catalog', '--forget-keys', '--yes']],
    [['certificate', 'catalog']],
    [['sync', 'catalog']],
    [['--help']],
    [['verify', '--help']],
    [['--version']],
  ])('%j', async (args) => {
    expect(await run(...args)).toMatchObject({ code: 0 });
  });
});

describe('1, failed', () => {
  it('names the address where nobody answers, and how to start it', async () => {
    const url = bed.url;
    await bed.close();
    const { code, stdout, stderr } = await run('status');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      new RegExp(
        `^strangler: No control API at ${url} \\(ECONNREFUSED\\); start it with \`strangler up\`.*\n$`,
      ),
    );
    bed = await startControlBed();
  });

  it('says when something else answers', async () => {
    const { code, stderr } = await runCli(['--url', `${bed.url}/?`, 'status']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^strangler: What answers at .* is not a control API \(HTTP 200, text\/html.*check --url\.\n$/,
    );
  });

  it('says that a move was given up, and why', async () => {
    bed.lifecycle.onMove = async () => ({
      done: false,
      to: 'legacy',
      detail: 'the fence was not granted in 500 ms',
    });
    const { code, stdout } = await run('cutover', 'catalog');
    expect(code).toBe(1);
    expect(stdout).toMatch(/given up.*everything is as before\n {2}the fence was not granted/);
  });
});

describe('2, usage', () => {
  it.each([
    [['stauts'], /Did you mean status/],
    [[], /Usage: strangler/],
    [['abort', 'catalog'], /required option '--reason/],
    [['plan'], /missing required argument 'migration'/],
    [['log', 'catalog', '--verify'], /leave out the migration/],
    [['plan', 'catalog', 'cutoverr'], /Allowed choices are sync, shadow/],
    [['plan', 'catalog', 'shadow', '--weight', '5'], /`weight` is only for canary/],
    [['canary', 'catalog'], /either --weight <percent> or --ramp is needed/],
    [['canary', 'catalog', '--ramp', '--weight', '5'], /'--ramp' cannot be used with option '--weight/],
    [['plan', 'catalog', 'cutover', '--ramp'], /`ramp` is only for canary/],
    [['canary', 'catalog', '--weight', '101'], /from 0 to 100 with at most one decimal/],
    [['canary', 'catalog', '--weight', '1.25'], /from 0 to 100 with at most one decimal/],
    [['canary', 'catalog', '--weight', '-1'], /from 0 to 100 with at most one decimal/],
    [['sync', 'catalog', '--timeout', 'soon'], /number of seconds/],
    [['status', '-o', 'yaml'], /Allowed choices are table, json/],
    [['status', '--url', 'ftp://there'], /not an address like http/],
    [['status', '--frobnicate'], /unknown option '--frobnicate'/],
    [['status', 'nothing'], /There is no migration "nothing"; there are: catalog, orders/],
    [['status', 'nothing', '--watch'], /There is no migration "nothing"; there are: catalog, orders/],
    [['retire', 'catalog', '--keep-guard', '--drop-guard'], /cannot be used with option/],
    [['retire', 'catalog', '--forget-keys'], /There is no way back, and nobody to ask here/],
    [['retire', 'catalog'], /no way back.*--yes/],
  ])('%j', async (args, words) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/ at .*\.ts:\d/);
    expect(bed.lifecycle.orders).toEqual([]);
  });

  it('a configuration that is named and not there', async () => {
    const { code, stderr } = await runCli(['-c', '/nowhere/strangler.yaml', 'status']);
    expect([code, stderr]).toEqual([
      2,
      'strangler: There is no configuration at /nowhere/strangler.yaml; check --config.\n',
    ]);
  });
});

describe('up', () => {
  it('says in a line each what is wrong with its configuration', async () => {
    const { code, stderr } = await runCli(['up', '-c', '/nowhere/strangler.yaml']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^strangler: .*nowhere\/strangler\.yaml: there is no such file.*\n$/);
  });

  it('runs no part that it does not know', async () => {
    expect(await runCli(['up', '--only', 'everything'])).toMatchObject({ code: 2 });
  });
});

describe('3, refused by a gate', () => {
  it('names gate, value, threshold and advice', async () => {
    refuseMovesWith('gate-refused');
    const { code, stdout, stderr } = await run('cutover', 'catalog');
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/A gate refused the move.*because of a test/);
    expect(stderr).toMatch(/lag: 12\.3 s \(threshold: below 2 s\)\n +→ Wait until the sync has caught up\./);
  });

  it.each([
    [['plan', 'catalog', 'cutover']],
    [['plan', 'catalog']],
    [['plan', 'catalog', 'canary']],
    [['cutover', 'catalog', '--dry-run']],
    [['sync', 'catalog', '--dry-run']],
    [['retire', 'catalog', '--dry-run']],
    [['canary', 'catalog', '--weight', '5', '--dry-run']],
  ])('%j would be, and changes nothing', async (args) => {
    const { code, stdout } = await run(...args);
    expect(code).toBe(3);
    expect(stdout).toMatch(/1\. hold writes[^]*refuses lag: 12\.3 s[^]*Nothing was changed/);
    expect(bed.lifecycle.orders).toEqual([]);
  });
});

describe('4, timed out', () => {
  it('when the move did', async () => {
    refuseMovesWith('timed-out');
    expect(await run('cutover', 'catalog')).toMatchObject({ code: 4 });
  });

  it('when the waiting did', async () => {
    bed.lifecycle.migrations[0]!.sync = {
      from: 'monolith',
      to: 'service',
      state: 'stalled',
      detail: 'the service is away',
      lagSeconds: 1,
      lagChanges: 1,
      parked: 0,
      parkedKeys: 0,
      applied: 0,
      changesPerSecond: 0,
      drift: [],
      slot: null,
      followerSlot: null,
      backfillHeld: null,
      unreadable: 0,
      backfill: [],
      reportedAt: new Date().toISOString(),
    };
    const { code, stderr } = await run('sync', 'catalog', '--timeout', '0.5');
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /stalled, the service is away[^]*the backfill took longer than 0\.5 s; it goes on/,
    );
  });
});

describe('130, interrupted', () => {
  it('is quiet, and says what goes on without the terminal', async () => {
    let carryOn = () => {};
    const begun = new Promise<void>((resolve) => {
      bed.lifecycle.onMove = () => {
        resolve();
        return new Promise((done) => (carryOn = () => done({})));
      };
    });
    const cli = startCli(['--url', bed.url, 'cutover', 'catalog']);
    await begun;
    cli.child.kill('SIGINT');
    const { code, stdout, stderr } = await cli.ended;
    carryOn();
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toBe('The cutover goes on without this terminal; see `strangler status catalog`.\n');
  });
});

describe('the errors of the control API', () => {
  it('all end with a code that the help explains', async () => {
    const { stdout } = await run('--help');
    const explained = [...stdout.matchAll(/^ {2}(\d+) {2,}\S/gm)].map(([, code]) => Number(code));
    expect(explained).toEqual([0, 1, 2, 3, 4, 130]);
    for (const { exitCode } of Object.values(CONTROL_ERRORS)) expect(explained).toContain(exitCode);
  });
});
