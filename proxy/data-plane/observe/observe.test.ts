import { describe, expect, it } from '@jest/globals';
import type { Exchange, Side } from '../exchange.ts';
import { Traffic } from './observe.ts';

const exchange = (part: {
  kind?: 'reads' | 'writes';
  side?: Side;
  status?: number;
  ms?: number | null;
  heldMs?: number;
  epoch?: number;
  matched?: boolean;
}): Exchange =>
  ({
    match: part.matched === false ? null : { migration: 'catalog', kind: part.kind ?? 'reads' },
    decision: { side: part.side ?? 'monolith', reason: '', epoch: part.epoch ?? 1, seq: 1, waits: false },
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
