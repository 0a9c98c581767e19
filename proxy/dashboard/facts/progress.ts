import type { components } from '../../control/api.gen.ts';
import type { Point } from './chart.ts';

type ProgressPoint = components['schemas']['ProgressPoint'];
type Counts = components['schemas']['SideCounts'];

/** The share that the services had, over time; null where nothing was asked for. */
export interface SharesOverTime {
  routes: Point[];
  requests: Point[];
  writes: Point[];
}

/** What the services answered of what was asked for lately. */
export interface LatelyAsked {
  percent: number;
  /** How many were asked for. */
  asked: number;
  /** When the last of them was noted, as ISO time. */
  at: string;
}

export function sharesOverTime(points: readonly ProgressPoint[]): SharesOverTime {
  const line = (of: (point: ProgressPoint) => Counts): Point[] =>
    points.map((point) => ({ at: Date.parse(point.at), value: shareOf(of(point)) }));
  return {
    routes: line(({ routes }) => ({ monolith: routes.total - routes.service, service: routes.service })),
    requests: line(({ requests }) => requests),
    writes: line(({ writes }) => writes),
  };
}

/** A quarter of an hour: short enough to be now, long enough for an application that few use. */
const LATELY_SECONDS = 900;

/**
 * The share of what was asked for in the last quarter of an hour in which anything was; null when nothing ever was.
 * At night the fig does not lose its leaves.
 */
export function latelyAsked(
  points: readonly ProgressPoint[],
  kind: 'requests' | 'writes',
): LatelyAsked | null {
  const last = points.findLastIndex((point) => sum(point[kind]) > 0);
  const newest = points[last];
  if (!newest) return null;
  const total = { monolith: 0, service: 0 };
  let seconds = 0;
  for (let at = last; at >= 0 && seconds < LATELY_SECONDS; at -= 1) {
    const point = points[at] ?? newest;
    total.monolith += point[kind].monolith;
    total.service += point[kind].service;
    seconds += point.seconds;
  }
  return { percent: shareOf(total) ?? 0, asked: sum(total), at: newest.at };
}

function shareOf(counts: Counts): number | null {
  const all = sum(counts);
  return all === 0 ? null : (counts.service * 100) / all;
}

function sum({ monolith, service }: Counts): number {
  return monolith + service;
}
