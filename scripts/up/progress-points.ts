import type { ProgressSample } from '../../migrations/lifecycle/keep-progress.ts';
import type { ProgressPoint } from '../../proxy/control/usage.ts';

type Sides = ProgressSample['reads'];

/**
 * What happened between samples, in at most `most` points: where there are more, neighbours are put together. Pure.
 *
 * @param samples with counts from the beginning, oldest first
 */
export function progressPoints(samples: readonly ProgressSample[], most: number): ProgressPoint[] {
  const last = samples.length - 1;
  const step = Math.max(1, Math.ceil(last / most));
  // Counted from the end, so that the newest one is always there.
  const chosen = samples.filter((_, i) => (last - i) % step === 0);
  const points = chosen.map((sample, i) => pointOf(chosen[i - 1] ?? samples[0] ?? sample, sample));
  return points.length > most ? points.slice(points.length - most) : points;
}

function pointOf(before: ProgressSample, { at, routes, reads, writes }: ProgressSample): ProgressPoint {
  const written = since(before.writes, writes);
  const read = since(before.reads, reads);
  return {
    at,
    seconds: Math.max(0, Math.round((Date.parse(at) - Date.parse(before.at)) / 1000)),
    routes,
    requests: { monolith: read.monolith + written.monolith, service: read.service + written.service },
    writes: written,
  };
}

/** Counts that fell were begun anew. */
const since = (before: Sides, now: Sides): Sides => ({
  monolith: now.monolith - (before.monolith <= now.monolith ? before.monolith : 0),
  service: now.service - (before.service <= now.service ? before.service : 0),
});
