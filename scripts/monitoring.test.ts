import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { startControlBed, type ControlBed } from '../proxy/control/testing/control-bed.ts';
import { migrationNamed } from '../proxy/control/testing/memory-lifecycle.ts';
import { send, startBed, until } from '../proxy/data-plane/testing/bed.ts';
import { scrape } from '../proxy/data-plane/testing/prometheus.ts';
import { readPromql, type ReadExpression } from './testing/promql.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface Target {
  expr: string;
  legendFormat: string;
}
interface Panel {
  id: number;
  title: string;
  type: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Target[];
}
const dashboard = JSON.parse(read('deploy/grafana-dashboard.json')) as {
  panels: Panel[];
  annotations: { list: { name: string; expr: string; titleFormat: string }[] };
  templating: { list: { name: string; definition?: string }[] };
};
interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}
const rules = (
  parse(read('deploy/prometheus-alerts.yaml')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);

/** Grafana puts its own values in before Prometheus sees the expression. */
const filledIn = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('"$migration"', '"catalog|orders"');

const queries = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({
      where: `panel "${title}"`,
      expr: filledIn(expr),
      words: legendFormat,
    })),
  ),
  ...dashboard.annotations.list.map(({ name, expr, titleFormat }) => ({
    where: `annotation "${name}"`,
    expr: filledIn(expr),
    words: titleFormat,
  })),
  ...rules.map(({ alert, expr, annotations }) => ({
    where: `alert ${alert}`,
    expr,
    words: `${annotations.summary} ${annotations.description}`,
  })),
];

/** What the product really exposes: names, and of each label the values that were seen. */
const exposed = new Set<string>();
const values = new Map<string, Set<string>>();
/** What is documented of the labels; other tests hold that against what is exposed. */
const labels = new Map(
  [...read('docs/observability.md').matchAll(/^\| `(strangler_\w+)` +\| \w+ +\| ([^|]*?) *\| .* \|$/gm)].map(
    ([, name = '', list = '']): [string, string[]] => [name, list.split(', ').filter(Boolean)],
  ),
);

const AT = '2026-01-02T03:04:05.000Z';
const SLOT = { slot: 's', retainedBytes: 4096, limitBytes: null, status: 'reserved', detail: '' } as const;
const IN_SYNC = migrationNamed('catalog', {
  sync: {
    ...{
      from: 'monolith',
      to: 'service',
      state: 'live',
      detail: '',
      lagSeconds: 1,
      lagChanges: 1,
      parked: 0,
    },
    ...{ parkedKeys: 0, applied: 1, unreadable: 0, changesPerSecond: 0, drift: [], reportedAt: AT },
    ...{ slot: SLOT, followerSlot: SLOT },
    backfillHeld: null,
    backfill: [{ table: 'item', rows: 5, total: 10, rowsPerSecond: 1, secondsLeft: 5, done: false }],
  },
  verify: {
    ...{ state: 'done', at: AT, rowsCompared: 5, rowsTotal: 5, rowsPerSecond: 10, differences: 0 },
    ...{ repaired: 0, details: [] },
  },
});

let proxy: Awaited<ReturnType<typeof startBed>>;
let control: ControlBed;
beforeAll(async () => {
  proxy = await startBed({ proxy: { metrics: { listen: '127.0.0.1:0' } } });
  await send(proxy.proxy.url, 'GET', '/api/products/1');
  await until(() => proxy.proxy.stats().migrations['catalog']?.monolith.requests === 1);
  control = await startControlBed();
  control.lifecycle.migrations[0] = IN_SYNC;
  for (const url of [proxy.proxy.metricsUrl() ?? '', control.url])
    for (const [name, { type, samples }] of await scrape(url)) {
      const parts = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name];
      for (const part of parts) exposed.add(part);
      for (const series of samples.keys())
        for (const [, label = '', value = ''] of series.matchAll(/[{,](\w+)="([^"]*)"/g))
          values.set(label, (values.get(label) ?? new Set()).add(value));
    }
});
afterAll(() => Promise.all([proxy.stop(), control.close()]));

const family = (metric: string): string => metric.replace(/_(bucket|sum|count)$/, '');
const labelsOf = (metric: string): string[] => labels.get(metric) ?? labels.get(family(metric)) ?? [];
const readIt = (expr: string): ReadExpression => readPromql(expr, labelsOf);
/** Words that are the same in every installation; others (a table, an address) are not ours to know. */
const CLOSED = ['arm', 'kind', 'state', 'effect', 'side', 'owner', 'from'];

describe('the reader of PromQL', () => {
  it('refuses what Prometheus would, and knows the labels of a result', () => {
    for (const broken of ['sum by (', 'rate(strangler_epoch[5m)', 'a{b=c}', 'sum(a) by', ''])
      expect(() => readIt(broken)).toThrow();
    const resultOf = (expr: string) => readIt(expr).result.sort();
    expect(resultOf('sum by (migration, le) (rate(strangler_first_byte_seconds_bucket[5m]))')).toEqual([
      ...['le', 'migration'],
    ]);
    expect(resultOf('histogram_quantile(0.5, sum by (arm, le) (rate(x_bucket[5m]))) > 2')).toEqual(['arm']);
    expect(resultOf('max(strangler_journal_seq) - on () group_right () strangler_journal_seq')).toEqual([
      ...['instance', 'job'],
    ]);
    expect(resultOf('time() - max by (migration) (strangler_epoch)')).toEqual(['migration']);
    expect(resultOf('sum(strangler_epoch)')).toEqual([]);
  });
});

describe.each(queries)('$where', ({ expr, words }) => {
  it('is PromQL over metrics and labels that the product exposes', () => {
    const { selected, grouped } = readIt(expr);
    expect(selected.length).toBeGreaterThan(0);
    const all = new Set(selected.flatMap(({ metric }) => [...labelsOf(metric), 'le', 'instance', 'job']));
    for (const { metric, matchers } of selected) {
      if (metric === 'up') continue;
      expect([metric, exposed.has(metric)]).toEqual([metric, true]);
      for (const { label, values: wanted } of matchers) {
        expect([metric, labelsOf(metric)]).toEqual([metric, expect.arrayContaining([label])]);
        if (!CLOSED.includes(label)) continue;
        for (const value of wanted)
          expect([label, value, values.get(label)?.has(value)]).toEqual([label, value, true]);
      }
    }
    for (const label of grouped) expect([label, all.has(label)]).toEqual([label, true]);
  });

  it('speaks only of labels that its result has', () => {
    const { result } = readIt(expr);
    const spoken = [...words.matchAll(/\{\{ *(?:\$labels\.)?(\w+) *\}\}/g)].map(([, label]) => String(label));
    for (const label of spoken) expect([label, result]).toEqual([label, expect.arrayContaining([label])]);
  });
});

describe('the alert rules', () => {
  it('have names of their own, say how bad it is, what it is and what to do', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule.alert).toMatch(/^Strangler[A-Z]\w+$/);
      expect(['warning', 'critical']).toContain(rule.labels.severity);
      expect(rule.for ?? '1s').toMatch(/^\d+[smh]$/);
      expect(rule.annotations.summary.length).toBeGreaterThan(10);
      expect(rule.annotations.description.length).toBeGreaterThan(10);
    }
  });

  it('name only commands that there are', () => {
    const commands = new Set(
      [...read('scripts/strangler.ts').matchAll(/from '\.\/commands\/(\w+)\.ts'/g)].map(([, name]) => name),
    );
    const named = rules.flatMap(({ annotations }) => [
      ...annotations.description.matchAll(/`strangler (\w+)/g),
    ]);
    expect(named.length).toBeGreaterThan(5);
    for (const [, command] of named) expect([...commands]).toContain(command);
  });
});

describe('the Grafana dashboard', () => {
  it('has panels with ids of their own that do not lie over each other', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [i, { gridPos: a }] of panels.entries()) {
      expect(a.x + a.w).toBeLessThanOrEqual(24);
      for (const { gridPos: b } of panels.slice(i + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart).toBe(true);
      }
    }
  });

  it('asks for every metric of the data side and every one of the requests that a person wants to see', () => {
    const asked = new Set(
      queries.flatMap(({ expr }) => readIt(expr).selected.map(({ metric }) => family(metric))),
    );
    const seldom = [
      'strangler_backfill_done',
      'strangler_verify_rows',
      'strangler_unmatched_request_duration_seconds',
    ];
    const missed = [...labels.keys()].filter((name) => !asked.has(name) && !seldom.includes(name));
    expect(missed).toEqual(['strangler_upstream_retries_refused_total']);
  });

  it('lets one choose migrations by a label that there is', () => {
    const [, metric = '', label = ''] =
      /label_values\((\w+), (\w+)\)/.exec(
        dashboard.templating.list.find(({ name }) => name === 'migration')?.definition ?? '',
      ) ?? [];
    expect([exposed.has(metric), labelsOf(metric)]).toEqual([true, expect.arrayContaining([label])]);
  });
});
