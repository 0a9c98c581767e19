import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { proxySchema } from '../../schema.ts';
import { send, startBed, until } from '../../testing/bed.ts';
import { scrape } from '../../testing/prometheus.ts';

const text = readFileSync(join(import.meta.dirname, '../../../../docs/observability.md'), 'utf8');

interface Row {
  type: string;
  labels: string[];
}

/** The rows of the table: name, type, labels, meaning. The data side has one of its own, further down. */
const [ofProxy = ''] = text.split('## Metrics of the data side');
const documented = new Map(
  [...ofProxy.matchAll(/^\| `(strangler_\w+)` +\| (\w+) +\| ([^|]*?) *\| .* \|$/gm)].map(
    ([, name = '', type = '', labels = '']): [string, Row] => [
      name,
      { type, labels: labels.split(', ').filter(Boolean).sort() },
    ],
  ),
);

/** The labels of a family's series, but for the bound of a bucket. */
const labelsOf = (series: Iterable<string>): string[] => {
  const names = [...series].flatMap((each) =>
    [...each.matchAll(/[{,](\w+)="/g)].map(([, name = '']) => name),
  );
  return [...new Set(names)].filter((name) => name !== 'le').sort();
};

describe('the documentation of the metrics', () => {
  it('names exactly those that there are, with type and labels', async () => {
    const bed = await startBed({ proxy: { metrics: { listen: '127.0.0.1:0' } } });
    try {
      await send(bed.proxy.url, 'GET', '/api/products/1');
      await until(() => bed.proxy.stats().migrations['catalog']?.monolith.requests === 1);
      const found = await scrape(bed.proxy.metricsUrl() ?? '');
      const ours = [...found].filter(([name]) => name.startsWith('strangler_'));
      expect([...documented.keys()].sort()).toEqual(ours.map(([name]) => name).sort());
      for (const [name, { type, samples }] of ours) {
        const row = documented.get(name);
        expect([name, row?.type]).toEqual([name, type]);
        // A family without a series yet has no labels to compare.
        if (samples.size > 0) expect([name, row?.labels]).toEqual([name, labelsOf(samples.keys())]);
      }
    } finally {
      await bed.stop();
    }
  });

  it('shows a configuration that is valid', () => {
    const [, yaml = ''] = /^```yaml\n(.*?)^```/ms.exec(text) ?? [];
    const { proxy } = parse(yaml) as { proxy: unknown };
    expect(proxySchema.parse(proxy)).toMatchObject({ metrics: {}, traces: {}, accessLog: { sample: 10 } });
  });
});
