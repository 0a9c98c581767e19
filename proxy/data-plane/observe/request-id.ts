import { randomUUID } from 'node:crypto';
import type { Exchange, HeaderPair } from '../exchange.ts';
import { TrustedProxies } from '../lane/forwarded.ts';

const NAME = 'X-Request-Id';
/** Visible characters, and not so many that they cost anything. */
const WELL_FORMED = /^[\x21-\x7e]{1,128}$/;

/** The id that a request came with, if it is one; it is only looked at, and goes on by itself. */
export function givenRequestId({ request }: Exchange): string | null {
  const given = request.header('x-request-id');
  return given !== undefined && WELL_FORMED.test(given) ? given : null;
}

/** Gives an id to each request that brings none from a trusted proxy. */
export class RequestIds {
  readonly #trusted: TrustedProxies;

  constructor(trustedProxies: readonly string[]) {
    this.#trusted = new TrustedProxies(trustedProxies);
  }

  begin(exchange: Exchange): void {
    const given = this.#trusted.includes(exchange.request.peer) ? givenRequestId(exchange) : null;
    exchange.requestId = given;
    if (given !== null) return;
    const id = randomUUID();
    exchange.requestId = id;
    const pair: HeaderPair = [NAME, id];
    exchange.upstreamHeaders.push(pair);
    exchange.answerHeaders.push(pair);
    exchange.beforeAnswer.push((answer) => {
      // An upstream that echoes the id has said it already.
      if (answer.header('x-request-id') !== undefined) {
        exchange.answerHeaders = exchange.answerHeaders.filter((each) => each !== pair);
      }
    });
  }
}
