import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { scrape } from '../data-plane/testing/prometheus.ts';
import { startControlBed, type ControlBed } from './testing/control-bed.ts';
import { migrationNamed } from './testing/memory-lifecycle.ts';

const AT = '2026-01-02T03:04:05.000Z';
let bed: ControlBed;
beforeAll(async () => {
  bed = await startControlBed();
  bed.lifecycle.migrations[0] = migrationNamed('catalog', {
    sync: {
      from: 'monolith',
      to: 'service',
      state: 'backfill',
      detail: '',
      lagSeconds: 0.5,
      lagChanges: 3,
      parked: 12,
      parkedKeys: 4,
      applied: 700,
      unreadable: 6,
      changesPerSecond: 70,
      drift: [
        { side: 'service', table: 'p', column: 'x', effect: 'parks', message: 'gone', advice: 'put it back' },
      ],
      slot: { slot: 's', retainedBytes: 4096, limitBytes: null, status: 'reserved', detail: '' },
      followerSlot: { slot: 's', retainedBytes: 0, limitBytes: null, status: 'lost', detail: 'gone' },
      backfillHeld: null,
      backfill: [
        { table: 'item', rows: 5, total: 10, rowsPerSecond: 2, secondsLeft: 2.5, done: false },
        { table: 'maker', rows: 5, total: null, rowsPerSecond: 2, secondsLeft: null, done: true },
      ],
      reportedAt: AT,
    },
  });
  Object.assign(bed.lifecycle.migrations[0], {
    verify: {
      ...{ state: 'done', at: AT, rowsCompared: 20, rowsTotal: 20, rowsPerSecond: 10 },
      ...{ differences: 3, repaired: 2, details: [] },
    },
  });
});
afterAll(() => bed.close());

const valueOf = async (name: string, labels: string): Promise<number | undefined> =>
  (await scrape(bed.url)).get(name)?.samples.get(`${name}{${labels}}`);

describe('the metrics of the data side', () => {
  it('tell lag, throughput, what is parked, drift and the slot, by migration and direction', async () => {
    const of = 'migration="catalog",from="monolith"';
    expect(await valueOf('strangler_sync_lag_seconds', of)).toBe(0.5);
    expect(await valueOf('strangler_sync_lag_changes', of)).toBe(3);
    expect(await valueOf('strangler_sync_changes_total', of)).toBe(700);
    expect(await valueOf('strangler_bus_unreadable_messages_total', of)).toBe(6);
    expect(await valueOf('strangler_sync_parked_changes', of)).toBe(12);
    expect(await valueOf('strangler_sync_parked_keys', of)).toBe(4);
    expect(await valueOf('strangler_sync_state', `${of},state="backfill"`)).toBe(1);
    expect(await valueOf('strangler_sync_state', `${of},state="live"`)).toBe(0);
    expect(await valueOf('strangler_schema_drift', `${of},effect="parks"`)).toBe(1);
    expect(await valueOf('strangler_schema_drift', `${of},effect="stops"`)).toBe(0);
    expect(await valueOf('strangler_slot_retained_bytes', `${of},side="monolith"`)).toBe(4096);
    expect(await valueOf('strangler_slot_lost', `${of},side="monolith"`)).toBe(0);
    expect(await valueOf('strangler_slot_lost', `${of},side="service"`)).toBe(1);
  });

  it('tell how far the copy and the comparison are', async () => {
    const of = 'migration="catalog",from="monolith"';
    expect(await valueOf('strangler_backfill_rows', `${of},table="item"`)).toBe(5);
    expect(await valueOf('strangler_backfill_rows_expected', `${of},table="item"`)).toBe(10);
    expect(await valueOf('strangler_backfill_rows_expected', `${of},table="maker"`)).toBeUndefined();
    expect(await valueOf('strangler_backfill_seconds_left', `${of},table="maker"`)).toBe(0);
    expect(await valueOf('strangler_verify_differences', 'migration="catalog"')).toBe(1);
  });

  it('are those that the documentation names, with type and labels', async () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/observability.md'), 'utf8');
    const [, section = ''] = /^## Metrics of the data side\n([^]*?)^## /m.exec(text) ?? [];
    const documented = [...section.matchAll(/^\| `(strangler_\w+)` +\| (\w+) +\| ([^|]*?) *\| .* \|$/gm)].map(
      ([, name, type, labels = '']) => `${name} ${type} ${labels.split(', ').sort().join(',')}`,
    );
    const found = [...(await scrape(bed.url))].map(([name, { type, samples }]) => {
      const [series = ''] = samples.keys();
      const labels = [...series.matchAll(/[{,](\w+)="/g)].map(([, label]) => label);
      return `${name} ${type} ${labels.sort().join(',')}`;
    });
    expect(documented.sort()).toEqual(found.sort());
  });

  it('have no series of a migration that is not in sync', async () => {
    const series = [...(await scrape(bed.url)).values()].flatMap(({ samples }) => [...samples.keys()]);
    expect(series.filter((each) => each.includes('orders'))).toEqual([]);
  });
});
