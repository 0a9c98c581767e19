import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Exchange, Side } from '../exchange.ts';
import type { Standings } from '../standing.ts';
import { standing } from '../testing/bed.ts';
import { Histogram } from './histogram.ts';
import { Traffic } from './observe.ts';

const exchange = (part: {
  kind?: 'reads' | 'writes';
  side?: Side;
  status?: number;
  ms?: number | null;
  heldMs?: number;
  epoch?: number;
  seq?: number;
  matched?: boolean;
}): Exchange =>
  ({
    match: part.matched === false ? null : { migration: 'catalog', kind: part.kind ?? 'reads' },
    decision: {
      side: part.side ?? 'monolith',
      reason: '',
      epoch: part.epoch ?? 1,
      seq: part.seq ?? 1,
      waits: false,
    },
    heldMs: part.heldMs ?? null,
    problem: null,
    outcome: {
      status: part.status ?? 200,
      failed: (part.status ?? 200) >= 500,
      firstByteMs: part.ms === undefined ? 4 : part.ms,
    },
  }) as unknown as Exchange;

describe('what is counted', () => {
  it('keeps the sides and the unmatched apart, and counts failures and latencies', () => {
    const traffic = new Traffic(['catalog']);
    for (const status of [200, 200, 503]) traffic.record(exchange({ status }));
    traffic.record(exchange({ side: 'service', ms: 8 }));
    traffic.record(exchange({ matched: false }));
    const { monolith, service } = traffic.of('catalog');
    expect(monolith).toMatchObject({ requests: 3, failed: 1 });
    expect(service).toMatchObject({ requests: 1, failed: 0 });
    expect(Math.abs((service.p50 ?? 0) - 8)).toBeLessThan(0.13);
    expect(traffic.unmatched()).toMatchObject({ requests: 1, failed: 0 });
  });

  it('tells the weight of the last minute only, and none when nothing was read in it', () => {
    let now = 1_000_000;
    const traffic = new Traffic(['catalog'], () => now);
    expect(traffic.of('catalog').weightActual).toBeNull();
    for (let count = 0; count < 10; count += 1) traffic.record(exchange({ side: 'service' }));
    now += 40_000;
    for (const side of ['service', 'monolith', 'monolith', 'monolith'] as const)
      traffic.record(exchange({ side }));
    expect(traffic.of('catalog').weightActual).toBeCloseTo(100 * (11 / 14), 5);
    now += 25_000;
    expect(traffic.of('catalog').weightActual).toBe(25);
    expect(traffic.of('catalog').monolith.lastMinuteReads.requests).toBe(3);
    now += 100_000;
    expect(traffic.of('catalog').weightActual).toBeNull();
    expect(traffic.of('catalog').service.requests).toBe(11);
  });

  it('keeps the waits of writes by the epoch that let them go, the newest twenty', () => {
    const traffic = new Traffic(['catalog']);
    for (let epoch = 1; epoch <= 25; epoch += 1)
      traffic.record(exchange({ kind: 'writes', heldMs: 100 * epoch, epoch }));
    const { held, heldByEpoch } = traffic.of('catalog');
    expect(held).toMatchObject({ count: 25, max: 2500 });
    expect(Object.keys(heldByEpoch)).toHaveLength(20);
    expect(heldByEpoch['25']).toMatchObject({ count: 1, max: 2500 });
    expect(heldByEpoch['5']).toBeUndefined();
  });
});

describe('both arms in the same window', () => {
  const at = (part: Parameters<typeof standing>[0]): Standings => ({
    seq: part.stageSeq ?? 1,
    byMigration: new Map([['catalog', standing(part)]]),
  });
  const WINDOW_MS = 60_000;
  let now: number;
  let traffic: Traffic;
  beforeEach(() => {
    now = 1_000_000;
    traffic = new Traffic(['catalog'], () => now);
    traffic.configure(() => WINDOW_MS, at({ stage: 'canary', weight: 1, stageSeq: 7 }));
  });
  const p99 = (sparse: readonly number[] = []): number => {
    const histogram = new Histogram();
    histogram.addSparse(sparse);
    return (histogram.quantile(0.99) ?? NaN) / 1000;
  };

  it('are counted apart, reads only, with latencies that can be added up', () => {
    for (let i = 0; i < 50; i += 1) traffic.record(exchange({ side: 'service', ms: 80, seq: 7 }));
    for (const status of [200, 500]) traffic.record(exchange({ status, ms: 4, seq: 7 }));
    traffic.record(exchange({ kind: 'writes', seq: 7 }));
    const { arms } = traffic.of('catalog');
    expect(arms).toMatchObject({ seq: 7, windowMs: WINDOW_MS });
    expect(arms?.service).toMatchObject({ requests: 50, failed: 0 });
    expect(arms?.monolith).toMatchObject({ requests: 2, failed: 1 });
    expect(Math.abs(p99(arms?.service.latency) - 80)).toBeLessThan(1.3);
  });

  it('count a read without an answer as failed, and not as a quick one', () => {
    traffic.record({ ...exchange({ side: 'service', status: 504, ms: null, seq: 7 }) });
    expect(traffic.of('catalog').arms?.service).toEqual({ requests: 1, failed: 1, latency: [] });
  });

  it('know how long a client waited that left: a service that hangs is slow, not unasked', () => {
    const left = { ...exchange({ side: 'service', status: 0, ms: null, seq: 7 }) };
    traffic.record({ ...left, startedAt: performance.now() - 9000 });
    const { arms, service } = traffic.of('catalog');
    expect(arms?.service).toMatchObject({ requests: 1, failed: 0 });
    expect(Math.abs(p99(arms?.service.latency) - 9000)).toBeLessThan(200);
    expect(service.lastMinuteReads.requests).toBe(0);
  });

  it('count a read that fell back as a failure of the service, and not as a read of the monolith', () => {
    const fellBack = { status: 503, failed: true, firstByteMs: null };
    traffic.record({ ...exchange({ side: 'service', seq: 7 }), fellBack });
    const { arms } = traffic.of('catalog');
    expect([arms?.service.failed, arms?.service.requests, arms?.monolith.requests]).toEqual([1, 1, 0]);
  });

  it('begin anew with each weight, and what was decided before it does not count', () => {
    for (let i = 0; i < 9; i += 1) traffic.record(exchange({ side: 'service', status: 500, seq: 7 }));
    traffic.follow(at({ stage: 'canary', weight: 5, stageSeq: 9 }));
    traffic.record(exchange({ side: 'service', status: 500, seq: 8 }));
    traffic.record(exchange({ side: 'service', seq: 9 }));
    expect(traffic.of('catalog').arms).toMatchObject({ seq: 9, service: { requests: 1, failed: 0 } });
  });

  it('go on where nothing but another migration was moved', () => {
    traffic.record(exchange({ side: 'service', seq: 7 }));
    traffic.follow({ ...at({ stage: 'canary', weight: 1, stageSeq: 7 }), seq: 12 });
    expect(traffic.of('catalog').arms?.service.requests).toBe(1);
  });

  it('forget what is older than the window', () => {
    traffic.record(exchange({ side: 'service', status: 500, seq: 7 }));
    now += WINDOW_MS / 2;
    traffic.record(exchange({ side: 'service', seq: 7 }));
    expect(traffic.of('catalog').arms?.service).toMatchObject({ requests: 2, failed: 1 });
    now += WINDOW_MS * 0.7;
    expect(traffic.of('catalog').arms?.service).toMatchObject({ requests: 1, failed: 0 });
  });

  it('are not there while the service answers no reads', () => {
    traffic.follow(at({ stage: 'shadow', stageSeq: 8 }));
    traffic.record(exchange({ seq: 8 }));
    expect(traffic.of('catalog').arms).toBeNull();
  });

  it('take another length from a new configuration', () => {
    traffic.configure(() => 10_000, at({ stage: 'canary', weight: 1, stageSeq: 7 }));
    expect(traffic.of('catalog').arms?.windowMs).toBe(10_000);
  });
});
