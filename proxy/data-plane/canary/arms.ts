import type { Client } from '../decide.ts';
import type { Exchange } from '../exchange.ts';
import type { Standing } from '../standing.ts';
import { freshId, idCookie, isInServiceArm, readId, wroteLately, wroteLatelyCookie } from './identity.ts';
import type { CanarySettings } from './schema.ts';

/** Knows which arm of a canary a client belongs to, and keeps it there. */
export class Arms {
  #settings: CanarySettings;

  constructor(settings: CanarySettings) {
    this.#settings = settings;
  }

  configure(settings: CanarySettings): void {
    this.#settings = settings;
  }

  /** Who asks. A client without an identity gets one with its answer. */
  identify(exchange: Exchange, { migration, weight }: Standing): Client {
    const { request, answerHeaders } = exchange;
    const cookies = request.header('cookie');
    const known = readId(cookies, this.#settings);
    const id = known ?? freshId();
    if (known === null) {
      answerHeaders.push(['Set-Cookie', idCookie(id, this.#settings, request.isSecure)]);
    }
    return {
      isInServiceArm: isInServiceArm(id, migration, weight),
      pinnedBy: null,
      isAhead: wroteLately(cookies, migration, this.#settings),
    };
  }

  /** Remembers with the client that it wrote: until the service has that write, its reads go to the owner. */
  noteWrite(exchange: Exchange, { migration, stage }: Standing): void {
    if (stage !== 'canary' || this.#settings.readYourWritesMs === 0) return;
    const cookie = wroteLatelyCookie(migration, this.#settings, exchange.request.isSecure);
    exchange.answerHeaders.push(['Set-Cookie', cookie]);
  }
}
