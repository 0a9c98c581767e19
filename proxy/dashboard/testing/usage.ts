import type { MigrationStatus } from '../../control/lifecycle.ts';
import type { MigrationTraffic, Progress, RoutesUse } from '../../control/usage.ts';

/** How the routes of these migrations are used: the first of each by both sides, the last of each by nobody. */
export function useOf(migrations: readonly MigrationStatus[], usedAfter: string | null): RoutesUse {
  const now = Date.now();
  const at = new Date(now).toISOString();
  const routes = migrations.flatMap(({ name, service, stage, routes }) =>
    routes.map((route, index) => {
      const isCalled = index < routes.length - 1;
      const many = isCalled ? 4000 - index * 700 : 0;
      const requests = { monolith: Math.round(many * 0.6), service: Math.round(many * 0.4) };
      return {
        ...{ ...route, migration: name, service, stage, requests },
        id: `${name}: ${route.method} ${route.path}`,
        lastSeen: isCalled ? new Date(now - index * 60_000).toISOString() : null,
        countedSince: new Date(now - 21 * 86_400_000).toISOString(),
      };
    }),
  );
  const seen = { firstSeen: new Date(now - 9 * 86_400_000).toISOString(), lastSeen: at };
  return {
    at,
    routes: usedAfter === null ? routes : [],
    unmatched: [
      { method: 'GET', path: '/legacy/report/{…}', requests: 1204, ...seen },
      { method: 'POST', path: '/soap/orders', requests: 31, ...seen },
    ],
  };
}

/** Three months in which the services took over a quarter of what there is. */
export function threeMonths(): Progress {
  const days = 90;
  const grown = (day: number, from: number, to: number) =>
    Math.min(1, Math.max(0, (day - from) / (to - from)));
  const points = Array.from({ length: days }, (_, day) => {
    const [reads, owned] = [grown(day, 30, 80), day > 66 ? 1 : 0];
    const requests = 40_000 + Math.round(9000 * Math.sin(day));
    const writes = 4000 + Math.round(600 * Math.sin(day * 1.7));
    const [service, written] = [Math.round(requests * 0.34 * reads), Math.round(writes * 0.21 * owned)];
    return {
      at: new Date(Date.now() - (days - 1 - day) * 86_400_000).toISOString(),
      seconds: 86_400,
      routes: { total: 26, service: day > 66 ? 6.5 : Math.round(reads * 3) },
      requests: { monolith: requests - service, service },
      writes: { monolith: writes - written, service: written },
    };
  });
  return { points };
}

/** A quarter of an hour in which the service is quicker, but for its slowest answers. */
export function quarterOfAnHour(migration: string): MigrationTraffic {
  const none = { perSecond: 0, failedPercent: null, p50: null, p99: null };
  const points = Array.from({ length: 180 }, (_, at) => {
    const wave = Math.sin(at / 9);
    const old = { perSecond: 62 + wave * 9, failedPercent: 0.1, p50: 11 + wave, p99: 74 + wave * 12 };
    const fresh = {
      perSecond: 20 + wave * 3,
      failedPercent: 0.4,
      p50: 4 + wave / 2,
      p99: 130 + at / 3 + wave * 9,
    };
    return {
      at: new Date(Date.now() - (179 - at) * 5000).toISOString(),
      monolith: { reads: old, writes: { ...old, perSecond: 7 } },
      service: { reads: fresh, writes: none },
    };
  });
  const now = points.at(-1);
  if (!now) throw new Error('There is no point in time.');
  return { migration, windowSeconds: 60, now, points };
}
