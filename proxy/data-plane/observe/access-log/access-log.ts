import pino from 'pino';
import type { Exchange } from '../../exchange.ts';
import { timeNow } from '../../moment.ts';
import { LogFile } from './log-file.ts';
import type { ProxyLogger } from '../observers.ts';
import type { AccessLogSettings } from '../schema.ts';
import { givenRequestId } from '../request-id.ts';
import { Secrets } from './secrets.ts';
import { callerOf } from '../traces/trace-context.ts';

/** Writes one line of JSON for each request, with the decision in it. */
export class AccessLog {
  readonly #settings: AccessLogSettings;
  readonly #secrets: Secrets;
  readonly #headers: readonly string[];
  readonly #file: LogFile;
  readonly #logger: pino.Logger;

  constructor(settings: AccessLogSettings, logger: ProxyLogger) {
    this.#settings = settings;
    this.#secrets = new Secrets(settings.redact);
    this.#headers = settings.headers.map((name) => name.toLowerCase());
    this.#file = new LogFile(settings.to, logger);
    const options = {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level: string) => ({ level }) },
    };
    this.#logger = pino(options, this.#file);
  }

  end(exchange: Exchange): void {
    const hasFailed = isFailure(exchange);
    const { sample } = this.#settings;
    if (!hasFailed && exchange.heldMs === null && sample < 100 && Math.random() * 100 >= sample) return;
    const line = this.#lineOf(exchange);
    if (hasFailed) this.#logger.error(line, 'failed');
    else this.#logger.info(line, 'answered');
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #lineOf(exchange: Exchange): object {
    const { request, match, decision, outcome, trace, problem, heldMs, fellBack } = exchange;
    return {
      requestId: exchange.requestId ?? givenRequestId(exchange),
      traceId: (trace ?? callerOf(exchange))?.traceId ?? null,
      client: request.client,
      method: request.method,
      path: request.target.path,
      query: this.#settings.query ? this.#secrets.hideIn(request.target.query) : undefined,
      headers: this.#headers.length > 0 ? this.#headersOf(exchange) : undefined,
      route: match?.route.path ?? null,
      migration: match?.migration ?? null,
      kind: match?.kind ?? null,
      stage: match ? decision.stage : null,
      arm: decision.side,
      reason: decision.reason,
      epoch: decision.epoch,
      seq: decision.seq,
      status: outcome?.status ?? 0,
      fellBack: fellBack !== null,
      refused: problem?.title,
      durationMs: rounded(timeNow() - exchange.startedAt),
      firstByteMs: rounded(outcome?.firstByteMs ?? null),
      heldMs: rounded(heldMs),
      requestBytes: request.bodyBytes,
      answerBytes: exchange.answerBytes,
      tried: exchange.tried,
    };
  }

  #headersOf({ request }: Exchange): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const name of this.#headers) {
      const value = request.header(name);
      if (value !== undefined) headers[name] = this.#secrets.hide(name, value);
    }
    return headers;
  }
}

/** A 5xx, whoever it is from, or no answer for a client that still waited for one; not what the client did wrong. */
function isFailure({ outcome, problem }: Exchange): boolean {
  if (problem) return problem.status >= 500;
  return outcome !== null && (outcome.failed || outcome.status >= 500);
}

/** To the microsecond. */
function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}
