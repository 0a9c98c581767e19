import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { MigrationTraffic, Rate, SideTraffic, TrafficPoint } from '../../proxy/control/usage.ts';
import { Histogram } from '../../proxy/data-plane/observe/histogram.ts';
import type { WindowStats } from '../../proxy/data-plane/observe/observe.ts';
import { trafficReports, type TrafficReport } from './traffic.ts';

const EACH_MS = 5000;
const KEPT = 180;
const WINDOW_SECONDS = 60;

/** How both sides of each migration answered during the last quarter of an hour. */
export class TrafficHistory {
  readonly #store: ControlStore;
  readonly #points = new Map<string, TrafficPoint[]>();
  #names: readonly string[];
  readonly #timer: NodeJS.Timeout;

  constructor(store: ControlStore, names: readonly string[], eachMs = EACH_MS) {
    this.#store = store;
    this.#names = names;
    this.#timer = setInterval(() => void this.#note().catch(() => undefined), eachMs).unref();
  }

  watch(names: readonly string[]): void {
    this.#names = names;
  }

  async of(migration: string): Promise<MigrationTraffic> {
    const reports = trafficReports(await this.#store.reports('traffic:'));
    const points = this.#points.get(migration) ?? [];
    return { migration, windowSeconds: WINDOW_SECONDS, now: trafficPoint(reports, migration), points };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #note(): Promise<void> {
    const reports = trafficReports(await this.#store.reports('traffic:'));
    for (const name of this.#names) {
      const before = this.#points.get(name) ?? [];
      this.#points.set(name, [...before.slice(1 - KEPT), trafficPoint(reports, name)]);
    }
  }
}

/** Over all proxies that are there, by what they counted in the last minute. */
function trafficPoint(reports: readonly TrafficReport[], migration: string): TrafficPoint {
  const live = reports.filter(({ isLive }) => isLive);
  const sideOf = (side: 'monolith' | 'service'): SideTraffic => {
    const windows = live.flatMap(({ stats }) => stats.migrations[migration]?.[side].lastMinute ?? []);
    return {
      reads: rateOf(windows.map(({ reads }) => reads)),
      writes: rateOf(windows.map(({ writes }) => writes)),
    };
  };
  return { at: new Date().toISOString(), monolith: sideOf('monolith'), service: sideOf('service') };
}

function rateOf(windows: readonly WindowStats[]): Rate {
  const latency = new Histogram();
  for (const window of windows) latency.addSparse(window.latency);
  const sum = (of: (window: WindowStats) => number): number => windows.reduce((all, one) => all + of(one), 0);
  const requests = sum((window) => window.requests);
  return {
    perSecond: requests / WINDOW_SECONDS,
    failedPercent: requests === 0 ? null : (100 * sum((window) => window.failed)) / requests,
    p50: milliseconds(latency.quantile(0.5)),
    p99: milliseconds(latency.quantile(0.99)),
  };
}

const milliseconds = (us: number | null): number | null => (us === null ? null : us / 1000);
