import type { Exchange } from '../exchange.ts';
import { AccessLog } from './access-log/access-log.ts';
import type { Traffic } from './observe.ts';
import { RequestCounts } from './metrics/request-counts.ts';
import { RequestIds } from './request-id.ts';
import type { AccessLogSettings, MetricsSettings } from './schema.ts';
import type { TraceSettings } from './traces/trace-settings.ts';
import { Traces } from './traces/traces.ts';
import { Usage } from './usage.ts';

/** The part of a pino logger that the data plane uses. */
export interface ProxyLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Who is told, besides the counters that the product itself works by. */
export interface ObserverSettings {
  metrics?: MetricsSettings | undefined;
  traces: TraceSettings | null;
  accessLog?: AccessLogSettings | undefined;
  requestId: 'pass' | 'generate';
  trustedProxies: readonly string[];
}

/** Everybody who is told of each exchange. Who is not configured is not there, and costs nothing. */
export class Observers {
  readonly traffic: Traffic;
  readonly usage = new Usage();
  readonly #logger: ProxyLogger;
  #settings: ObserverSettings;
  #counts: RequestCounts | null;
  #requestIds: RequestIds | null;
  #traces: Traces | null;
  #accessLog: AccessLog | null;
  /** Those that were replaced may still have something to deliver. */
  #retired: Promise<unknown> = Promise.resolve();

  constructor(traffic: Traffic, settings: ObserverSettings, logger: ProxyLogger) {
    this.traffic = traffic;
    this.#logger = logger;
    this.#settings = settings;
    this.#counts = settings.metrics ? new RequestCounts() : null;
    this.#requestIds = requestIdsOf(settings);
    this.#traces = settings.traces && new Traces(settings.traces, logger);
    this.#accessLog = settings.accessLog ? new AccessLog(settings.accessLog, logger) : null;
  }

  /** What is not changed goes on as it is. */
  configure(settings: ObserverSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#counts = settings.metrics ? (this.#counts ?? new RequestCounts()) : null;
    this.#requestIds = requestIdsOf(settings);
    if (!isSame(before.traces, settings.traces)) {
      this.#retire(this.#traces);
      this.#traces = settings.traces && new Traces(settings.traces, this.#logger);
    }
    if (!isSame(before.accessLog, settings.accessLog)) {
      this.#retire(this.#accessLog);
      this.#accessLog = settings.accessLog ? new AccessLog(settings.accessLog, this.#logger) : null;
    }
  }

  /** What was counted for Prometheus: nothing while it is off. */
  get counts(): RequestCounts {
    return this.#counts ?? new RequestCounts();
  }

  /** Called once the route is known. */
  begin(exchange: Exchange): void {
    this.#requestIds?.begin(exchange);
    this.#traces?.begin(exchange);
  }

  /** Called once the client has its answer, or has left. */
  end(exchange: Exchange): void {
    this.traffic.record(exchange);
    this.usage.record(exchange);
    this.#counts?.record(exchange);
    this.#accessLog?.end(exchange);
    exchange.trace?.end(exchange);
  }

  /** Delivers what was not delivered yet. */
  async close(): Promise<void> {
    this.#retire(this.#traces);
    this.#retire(this.#accessLog);
    await this.#retired;
  }

  #retire(observer: { close(): Promise<void> } | null): void {
    if (observer) this.#retired = Promise.all([this.#retired, observer.close()]);
  }
}

function requestIdsOf({ requestId, trustedProxies }: ObserverSettings): RequestIds | null {
  return requestId === 'generate' ? new RequestIds(trustedProxies) : null;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
