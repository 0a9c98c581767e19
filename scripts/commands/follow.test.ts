import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MigrationStatus, SyncStatus, VerifyStatus } from '../../proxy/control/lifecycle.ts';
import { startControlBed, type ControlBed } from '../../proxy/control/testing/control-bed.ts';
import { startCuttableWire } from '../../proxy/control/testing/cuttable-wire.ts';
import { runCli, startCli } from './testing/run-cli.ts';

let bed: ControlBed;
beforeEach(async () => {
  bed = await startControlBed({ pace: { atLeastMs: 1, heartbeatMs: 60_000 } });
});
afterEach(() => bed.close());

const catalog = () => bed.lifecycle.migrations[0]!;
const change = (differing: Partial<MigrationStatus>) => {
  Object.assign(catalog(), differing);
  bed.lifecycle.announce();
};
const AT = '2026-01-02T03:04:05.000Z';

describe('sync', () => {
  const sync = (state: SyncStatus['state'], rows: number): SyncStatus => ({
    from: 'monolith',
    to: 'service',
    state,
    detail: '',
    lagSeconds: 0,
    lagChanges: 0,
    parked: 0,
    parkedKeys: 0,
    applied: 0,
    changesPerSecond: 0,
    drift: [],
    slot: null,
    followerSlot: null,
    backfillHeld: null,
    unreadable: 0,
    backfill: [
      {
        table: 'products',
        rows,
        total: 29_000,
        rowsPerSecond: 1200,
        secondsLeft: 14,
        done: state === 'live',
      },
    ],
    reportedAt: AT,
  });
  const startBackfill = async (migration: MigrationStatus) => {
    migration.sync = sync('backfill', 12_345);
    return {};
  };

  it('shows the backfill until it is live, in plain lines when piped', async () => {
    bed.lifecycle.onMove = startBackfill;
    const cli = startCli(['--url', bed.url, 'sync', 'catalog']);
    await cli.says('backfill products: 42 %, 12,345 of 29,000 rows, 1,200 rows/s, 14 s left\n');
    change({ sync: sync('live', 29_000) });
    const { code, stdout, stderr } = await cli.ended;
    expect([code, stdout]).toEqual([0, 'catalog: the sync is live\n']);
    expect(stderr).not.toMatch(/\u001b|█|\r/);
  });

  it('keeps its progress out of the JSON', async () => {
    bed.lifecycle.onMove = startBackfill;
    const cli = startCli(['--url', bed.url, 'sync', 'catalog', '-o', 'json']);
    await cli.says('backfill products');
    change({ sync: sync('live', 29_000) });
    expect(JSON.parse((await cli.ended).stdout)).toMatchObject({ verb: 'sync', sync: { state: 'live' } });
  });

  it('fails when somebody rolls back meanwhile', async () => {
    bed.lifecycle.onMove = startBackfill;
    const cli = startCli(['--url', bed.url, 'sync', 'catalog']);
    await cli.says('backfill products');
    change({ stage: 'legacy', sync: null });
    expect(await cli.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/was rolled back/) });
  });

  it('does not wait when told so', async () => {
    bed.lifecycle.onMove = startBackfill;
    const { code, stdout } = await runCli(['--url', bed.url, 'sync', 'catalog', '--no-wait']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/sync done, legacy → dual-write/)]);
  });
});

describe('verify', () => {
  const verify = (differing: Partial<VerifyStatus>): VerifyStatus => ({
    state: 'done',
    at: AT,
    rowsCompared: 1000,
    rowsTotal: 1000,
    rowsPerSecond: 500,
    differences: 0,
    repaired: 0,
    details: [],
    ...differing,
  });
  const verifyAs = (result: Partial<VerifyStatus>) => {
    bed.lifecycle.onVerify = async (migration) => {
      migration.verify = verify({ state: 'running', at: '2026-02-02T00:00:00.000Z', rowsCompared: 250 });
    };
    return async (...args: string[]) => {
      const cli = startCli(['--url', bed.url, 'verify', 'catalog', ...args]);
      await cli.says('verify: 25 %, 250 of 1,000 rows, 500 rows/s, 1.5 s left');
      change({ verify: verify({ at: '2026-02-02T00:00:01.000Z', ...result }) });
      return cli.ended;
    };
  };

  it('ends well when nothing differs, whatever an earlier one found', async () => {
    catalog().verify = verify({ differences: 9 });
    const ended = await verifyAs({})();
    expect([ended.code, ended.stdout]).toEqual([0, 'catalog: no differences in 1,000 rows\n']);
    expect(bed.lifecycle.orders[0]?.request).toEqual({ repair: false, dryRun: false, roundTrip: false });
  });

  it.each([{ unsettled: 1 }, { parked: 3 }])('fails when rows could not be judged: %j', async (rows) => {
    expect((await verifyAs({ differences: 0, ...rows })()).code).toBe(1);
  });

  it('fails when differences remain, and shows them', async () => {
    const ended = await verifyAs({ differences: 2, details: ['products 7: price 1 ≠ 2'] })();
    expect([ended.code, ended.stdout]).toEqual([
      1,
      'catalog: 2 differences in 1,000 rows\n  products 7: price 1 ≠ 2\n',
    ]);
  });

  it('ends well when all were mended', async () => {
    const ended = await verifyAs({ differences: 2, repaired: 2 })('--repair', '--reason', 'drift');
    expect(ended.code).toBe(0);
    expect(bed.lifecycle.orders[0]).toMatchObject({
      request: { repair: true, dryRun: false, roundTrip: false },
      actor: { reason: 'drift' },
    });
  });

  it('fails when it could not compare', async () => {
    const ended = await verifyAs({ state: 'failed', details: ['the service is away'] })('-o', 'json');
    expect([ended.code, JSON.parse(ended.stdout)]).toMatchObject([1, { state: 'failed' }]);
  });
});

describe('status --watch', () => {
  it('goes on from where it was after the connection was cut', async () => {
    const wire = await startCuttableWire(bed.url);
    const cli = startCli(['--url', wire.url, 'status', '--watch', '-o', 'json']);
    await cli.says('"stage":"legacy"');
    wire.cut();
    await cli.says('trying again');
    change({ stage: 'shadow' });
    await cli.says('"stage":"shadow"');
    cli.child.kill('SIGINT');
    const { code, stdout } = await cli.ended;
    await wire.close();
    expect(code).toBe(130);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { migrations: MigrationStatus[] });
    expect(events.at(-1)?.migrations.map(({ stage }) => stage)).toEqual(['shadow', 'legacy']);
  });

  it('says why when the status cannot be read', async () => {
    const cli = startCli(['--url', bed.url, 'status', 'catalog', '--watch']);
    await cli.says('catalog');
    bed.lifecycle.onStatus = () => {
      throw new Error('the database is away');
    };
    bed.lifecycle.announce();
    await cli.says('nobody foresaw');
    cli.child.kill('SIGINT');
    await cli.ended;
  });
});
