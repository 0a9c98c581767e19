import { beforeEach, describe, expect, it } from '@jest/globals';
import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import { newMigration } from '../../migrations/lifecycle/fold.ts';
import type { Report } from '../../migrations/lifecycle/store.ts';
import { Histogram } from '../../proxy/data-plane/observe/histogram.ts';
import { TrafficEvidenceReader } from './traffic-evidence.ts';

const NOW = Date.parse('2026-01-02T03:04:05.000Z');
const WINDOW_MS = 60_000;
const SINCE = '2026-01-02T03:00:00.000Z';
const CANARY: MigrationState = {
  ...newMigration('catalog'),
  stage: 'canary',
  epoch: 3,
  seq: 7,
  stageSeq: 7,
  since: SINCE,
  shadowSince: SINCE,
};

let reports: Map<string, Report>;
let reader: TrafficEvidenceReader;
beforeEach(() => {
  reports = new Map();
  reader = new TrafficEvidenceReader();
});

const report = (name: string, value: unknown, ageMs = 500): void =>
  void reports.set(name, { name, value, at: new Date(NOW - ageMs).toISOString(), ageMs });
const read = (state: Partial<MigrationState> = {}, now = NOW, shadowSample = 10) =>
  reader.read({ ...CANARY, ...state }, { hasTables: true, shadowSample }, WINDOW_MS, reports, now);

const arm = (ms: readonly number[], failed = 0) => {
  const latency = new Histogram();
  for (const each of ms) latency.record(each * 1000);
  return { requests: ms.length, failed, latency: latency.sparse() };
};
const proxy = (service: ReturnType<typeof arm>, seq = 7, shadow: object | null = null) => ({
  migrations: { catalog: { arms: { seq, windowMs: WINDOW_MS, service, monolith: arm([1]) }, shadow } },
});

describe('the evidence of the arms', () => {
  it('is added up over proxies: a p99 of all reads, not a mean of theirs', () => {
    report('traffic:a', proxy(arm(Array.from({ length: 198 }, () => 10))));
    report('traffic:b', proxy(arm([900, 900], 1)));
    const { service, monolith } = read();
    expect(service).toMatchObject({ requests: 200, failed: 1, timed: 200 });
    expect(Math.abs((service.p99Ms ?? 0) - 10)).toBeLessThan(0.2);
    expect([service.slowerThan(100), service.slowerThan(5), monolith?.requests]).toEqual([2, 200, 2]);
  });

  it('leaves out proxies that are gone, and those that do not follow the present weight yet', () => {
    report('traffic:gone', proxy(arm([10], 1)), 15_000);
    report('traffic:late', proxy(arm([10], 1), 6));
    report('traffic:here', proxy(arm([10])));
    expect(read().service).toMatchObject({ requests: 1, failed: 0 });
  });

  it('has no other arm after a cutover', () => {
    report('traffic:a', proxy(arm([10])));
    expect(read({ stage: 'extracted', owner: 'service' })).toMatchObject({ monolith: null, shadow: null });
  });
});

describe('the evidence of the shadow', () => {
  const shadow = (compared: number, differed: number) => ({
    compared,
    agreed: compared - differed,
    differed,
    dropped: 0,
    tooBig: 0,
    noVerdict: 0,
    examples: [],
    operations: {},
    basis: `${SINCE} rules`,
  });
  const counted = (compared: number, differed: number): void =>
    report('traffic:a', proxy(arm([1]), 7, shadow(compared, differed)));

  it('is what came within the window, and not what was found before this process looked', () => {
    counted(1000, 500);
    expect(read().shadow).toEqual({ compared: 0, differed: 0 });
    counted(1030, 501);
    expect(read({}, NOW + 1000).shadow).toEqual({ compared: 30, differed: 1 });
    counted(1040, 501);
    expect(read({}, NOW + WINDOW_MS + 1000).shadow).toEqual({ compared: 10, differed: 0 });
  });

  it('begins anew with each weight, and where the proxies count anew', () => {
    counted(1000, 500);
    read();
    counted(1030, 510);
    expect(read({ stageSeq: 9 }).shadow).toEqual({ compared: 0, differed: 0 });
    counted(3, 1);
    expect(read({ stageSeq: 9 }, NOW + 1000).shadow).toEqual({ compared: 0, differed: 0 });
  });

  it('is not looked for where nothing is compared', () => {
    expect(read({}, NOW, 0).shadow).toBeNull();
  });
});

describe('the evidence of the sync', () => {
  const live = { state: 'live', epoch: 3, lagSeconds: 1.5 };

  it('is the lag that a live sync reports', () => {
    report('sync:catalog', live);
    expect(read().lag).toEqual({ seconds: 1.5 });
  });

  it('is that of a sync that stands still, too, as far as it knows', () => {
    report('sync:catalog', { ...live, state: 'stalled', lagSeconds: 30, lagChanges: 2 });
    expect(read().lag).toEqual({ seconds: 30 });
  });

  it.each([
    ['there is no report', null, 0],
    ['the report is old', live, 6000],
    ['it is of another epoch', { ...live, epoch: 2 }, 0],
    ['the sync is stalled', { ...live, state: 'stalled' }, 0],
  ])('is no data where %s', (_why, value, ageMs) => {
    if (value) report('sync:catalog', value, ageMs);
    expect(read().lag).toEqual({ seconds: null });
  });
});
