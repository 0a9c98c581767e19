import type { Exchange } from '../exchange.ts';
import type { Traffic } from './observe.ts';

/** The part of a pino logger that the data plane uses. */
export interface ProxyLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Everybody who is told of each exchange. */
export class Observers {
  readonly traffic: Traffic;
  readonly #logger: ProxyLogger;

  constructor(traffic: Traffic, logger: ProxyLogger) {
    this.traffic = traffic;
    this.#logger = logger;
  }

  /** Called once the route is known. */
  begin(_exchange: Exchange): void {
    // Nobody has anything to do yet.
  }

  /** Called once the client has its answer, or has left. */
  end(exchange: Exchange): void {
    this.traffic.record(exchange);
    const { request, match, decision, outcome } = exchange;
    this.#logger.debug(
      {
        method: request.method,
        path: request.target.path,
        migration: match?.migration ?? null,
        side: decision.side,
        reason: decision.reason,
        epoch: decision.epoch,
        status: outcome?.status,
      },
      'answered',
    );
  }
}
