import type { components } from '../../control/api.gen.ts';
import { count, milliseconds } from '../words.ts';
import type { Point } from './chart.ts';

type Traffic = components['schemas']['MigrationTraffic'];
type Rate = components['schemas']['Rate'];
type Kind = 'reads' | 'writes';

/** One figure of both sides, now and as it was. */
export interface Compared {
  name: string;
  /** In words; a dash where there is nothing to tell. */
  monolith: string;
  service: string;
  /** Whether the service does clearly worse, by a half and more. */
  isWorse: boolean;
  lines: { monolith: Point[]; service: Point[] };
}

const FIGURES: readonly [string, keyof Rate, (value: number) => string][] = [
  ['Rate', 'perSecond', (value) => `${value < 10 ? Number(value.toFixed(1)) : count(value)} /s`],
  ['Errors', 'failedPercent', (value) => `${Number(value.toFixed(2))} %`],
  ['p50', 'p50', milliseconds],
  ['p99', 'p99', milliseconds],
];

/** Old against new: rate, errors and latency of both sides, now and over the last quarter of an hour. */
export function comparedSides({ now, points }: Traffic, kind: Kind): Compared[] {
  return FIGURES.map(([name, figure, inWords]) => {
    const [old, fresh] = [now.monolith[kind], now.service[kind]];
    const line = (side: 'monolith' | 'service'): Point[] =>
      points.map((point) => ({ at: Date.parse(point.at), value: measured(point[side][kind], figure) }));
    const words = (rate: Rate): string => {
      const value = measured(rate, figure);
      return value === null ? '–' : inWords(value);
    };
    return {
      name,
      ...{ monolith: words(old), service: words(fresh) },
      isWorse: figure !== 'perSecond' && isClearlyWorse(measured(old, figure), measured(fresh, figure)),
      lines: { monolith: line('monolith'), service: line('service') },
    };
  });
}

/** A side that nobody asked has a rate of none, and no latency. */
function measured(rate: Rate, figure: keyof Rate): number | null {
  return rate[figure];
}

function isClearlyWorse(old: number | null, fresh: number | null): boolean {
  return old !== null && fresh !== null && fresh > old * 1.5 && fresh - old >= 1;
}
