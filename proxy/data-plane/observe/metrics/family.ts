import type { Metric, Registry } from 'prom-client';
import { BOUNDS_MS, type Buckets } from './buckets.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** Only where it is not the family's own, as for the parts of a histogram. */
  metricName?: string;
  labels: Labels;
  value: number;
}

/** One metric with all its series, as it is when somebody asks. */
export interface Family {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  values: Sample[];
}

export function counter(name: string, help: string, values: Sample[]): Family {
  return { name, help, type: 'counter', values };
}

export function gauge(name: string, help: string, values: Sample[]): Family {
  return { name, help, type: 'gauge', values };
}

export function histogram(name: string, help: string, series: (name: string) => Sample[]): Family {
  return { name, help, type: 'histogram', values: series(name) };
}

/** Has a registry write families that were counted elsewhere. */
export function register(registry: Registry, families: readonly Family[]): void {
  for (const family of families) {
    // A registry asks a metric for this much; the classes of prom-client add the counting, which is done already.
    const metric = { ...family, aggregator: 'sum', get: () => Promise.resolve(family) };
    registry.registerMetric(metric as unknown as Metric);
  }
}

/** The series of one histogram, in seconds. */
export function seriesOf(name: string, labels: Labels, buckets: Buckets): Sample[] {
  const { total, sumMs } = buckets;
  const bucket = (le: string, value: number): Sample => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le },
    value,
  });
  return [
    ...buckets.cumulative().map((count, at) => bucket(String((BOUNDS_MS[at] ?? 0) / 1000), count)),
    bucket('+Inf', total),
    { metricName: `${name}_sum`, labels, value: sumMs / 1000 },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
