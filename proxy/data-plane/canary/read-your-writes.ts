import { randomUUID } from 'node:crypto';
import type { Exchange } from '../exchange.ts';
import type { Standing, Standings } from '../standing.ts';
import { readCookie, setCookie } from './cookies.ts';
import type { Freshness, WriteNews } from './freshness.ts';
import type { Identities } from './identity.ts';
import { keyOfClient, keysOfRead, keysOfWrite, RecentWrites, type RecentWrite } from './recent-writes.ts';
import type { CanarySettings } from './schema.ts';
import type { Signer } from './signer.ts';
import { Floor, fromText, inText, isApplied, watermarkOf, type Watermark } from './watermark.ts';

/** A client that keeps no cookies may send this back as it came. */
const WATERMARK_HEADER = 'Strangler-Watermark';

export interface ReadYourWritesParts {
  freshness: Freshness;
  signer: Signer;
  identities: Identities;
  newest: () => Standings;
  leaseIsLive: () => boolean;
}

/** What is known of one migration while it is in stage `canary`. */
interface Watched {
  /** Which time in this stage it is. */
  since: string | null;
  /** Before the proxy saw the stage begin, no write was noted. */
  begin: Floor;
  recent: RecentWrites;
}

/**
 * Keeps a client from reading the past: after its write to the monolith its reads go there until the service has
 * applied that write. The client carries the watermark itself, in a cookie or a header, so any proxy can tell; for
 * one that carries nothing the proxies remember where it wrote.
 */
export class ReadYourWrites {
  readonly #parts: ReadYourWritesParts;
  readonly #name = randomUUID();
  readonly #stopListening: (() => void)[];
  readonly #watched = new Map<string, Watched>();
  #settings: CanarySettings;
  #cookie: string;
  #isSynced: (migration: string) => boolean;
  #writes = 0;
  /** Reads that bring their client a newer watermark. */
  readonly #renewed = new WeakSet<Exchange>();

  constructor(
    parts: ReadYourWritesParts,
    settings: CanarySettings,
    isSynced: (migration: string) => boolean,
  ) {
    this.#parts = parts;
    this.#settings = settings;
    this.#cookie = cookieOf(settings);
    this.#isSynced = isSynced;
    const { freshness } = parts;
    this.#stopListening = [
      freshness.onLook(() => this.#sweep()),
      freshness.onNews((news) => this.#hear(news)),
    ];
  }

  /** @param isSynced false for a migration whose sides share their data or have none: nothing is ever behind */
  configure(settings: CanarySettings, isSynced: (migration: string) => boolean): void {
    this.#settings = settings;
    this.#cookie = cookieOf(settings);
    this.#isSynced = isSynced;
  }

  close(): void {
    for (const stop of this.#stopListening) stop();
  }

  /**
   * Notes a write that is about to be sent to the monolith. Whatever its route: an order may well change what the
   * catalog shows.
   */
  noteWrite(exchange: Exchange): void {
    if (!this.#isWatched()) return;
    exchange.beforeAnswer.push(() => this.#handOut(exchange));
    this.#rememberUnlessCarried(exchange);
  }

  /** True while the service may not have what this client wrote. */
  isAhead(exchange: Exchange, standing: Standing): boolean {
    const { migration } = standing;
    if (!this.#isSynced(migration)) return false;
    const { freshness } = this.#parts;
    const [look, now] = [freshness.latest(), performance.now()];
    const { begin, recent } = this.#watch(standing);
    const hasBegun = begin.isApplied(look, migration, now);
    const isMissing = this.#carries(exchange)
      ? this.#carried(exchange).some((mark) => this.#isMissing(exchange, migration, mark))
      : !freshness.isHearing() || recent.isAhead(() => this.#keysOf(exchange), look, now);
    const isAhead = isMissing || !hasBegun;
    if (isAhead) freshness.lookOften();
    return isAhead;
  }

  /** Waits until the service has what the client wrote, for as long as the configuration allows; then resolves. */
  wait(exchange: Exchange, standing: Standing): Promise<void> | null {
    const { waitMs } = this.#settings.readYourWrites;
    if (waitMs === 0) return null;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(cap);
        stop();
        resolve();
      };
      const cap = setTimeout(end, waitMs);
      const stop = this.#parts.freshness.onLook(() => {
        if (!this.isAhead(exchange, standing)) end();
      });
    });
  }

  /** Gives the client the watermark of everything that was written until now. */
  #handOut({ request, answerHeaders }: Exchange): void {
    const mark = watermarkOf(this.#parts.freshness.latest(), performance.now());
    const signed = this.#parts.signer.sign(inText(mark));
    const cookie = setCookie(this.#cookie, signed, this.#settings.maxAgeSeconds, request.isSecure);
    answerHeaders.push(['Set-Cookie', cookie], [WATERMARK_HEADER, signed]);
  }

  #isMissing(exchange: Exchange, migration: string, mark: Watermark): boolean {
    const look = this.#parts.freshness.latest();
    if (isApplied(look, migration, mark)) return false;
    // Nobody can say any more when that was, so from now on it was just now.
    if (mark.generation !== look?.generation && !this.#renewed.has(exchange)) {
      this.#renewed.add(exchange);
      exchange.beforeAnswer.push(() => this.#handOut(exchange));
    }
    return true;
  }

  /** The watermarks that come with the request: the cookie's, the header's, or both. */
  #carried({ request }: Exchange): Watermark[] {
    const sent = [readCookie(request.header('cookie'), this.#cookie), request.header('strangler-watermark')];
    if (!sent[0] && !sent[1]) return [];
    return sent.flatMap((signed) => {
      const text = signed ? this.#parts.signer.verify(signed) : null;
      return text === null ? [] : [fromText(text)];
    });
  }

  /** True for a client that keeps what it is given: had it written, it would carry a watermark. */
  #carries(exchange: Exchange): boolean {
    return this.#parts.identities.given(exchange) !== null || this.#carried(exchange).length > 0;
  }

  #rememberUnlessCarried(exchange: Exchange): void {
    const { match, request } = exchange;
    const standing = match && this.#parts.newest().byMigration.get(match.migration);
    if (!standing || !isNear(standing) || !this.#isSynced(match.migration) || this.#carries(exchange)) return;
    const said = this.#parts.identities.said(exchange);
    const keys = said === null ? keysOfWrite(match, request.target.segments) : [keyOfClient(said)];
    const write = { id: `${this.#name}.${(this.#writes += 1)}`, keys };
    const { recent } = this.#watch(standing);
    recent.begin(write, performance.now());
    this.#tell(match.migration, write, null);
    const finishWrite = exchange.finishWrite;
    let isRunning = true;
    exchange.finishWrite = () => {
      finishWrite();
      if (!isRunning) return;
      isRunning = false;
      const mark = watermarkOf(this.#parts.freshness.latest(), performance.now());
      recent.end(write, mark);
      this.#tell(match.migration, write, mark);
    };
  }

  #keysOf(exchange: Exchange): readonly string[] {
    const said = this.#parts.identities.said(exchange);
    return said === null ? keysOfRead(exchange.request.target.segments) : [keyOfClient(said)];
  }

  #tell(migration: string, write: RecentWrite, mark: Watermark | null): void {
    this.#parts.freshness.tell({ migration, ...write, mark: mark && inText(mark) });
  }

  #hear(news: WriteNews | null): void {
    if (!news) {
      for (const { recent } of this.#watched.values()) recent.forget();
      return;
    }
    const standing = this.#parts.newest().byMigration.get(news.migration);
    if (!standing) return;
    const { recent } = this.#watch(standing);
    if (news.mark === null) recent.begin(news, performance.now());
    else recent.end(news, fromText(news.mark));
  }

  #sweep(): void {
    const [look, now] = [this.#parts.freshness.latest(), performance.now()];
    if (!look) return;
    for (const standing of this.#parts.newest().byMigration.values()) {
      if (standing.stage !== 'canary' || !this.#isSynced(standing.migration)) continue;
      const { begin, recent } = this.#watch(standing);
      // Stamped now, and not only when the first client asks.
      begin.isApplied(look, standing.migration, now);
      recent.sweep(look, now);
    }
  }

  /** A new stay in the stage begins with nothing known. */
  #watch({ migration, shadowSince }: Standing): Watched {
    let watched = this.#watched.get(migration);
    if (!watched) {
      watched = { since: shadowSince, begin: new Floor(), recent: new RecentWrites(migration) };
      this.#watched.set(migration, watched);
    }
    if (watched.since !== shadowSince) {
      watched.since = shadowSince;
      watched.begin.raise();
      watched.recent.forget();
    }
    return watched;
  }

  /** True while the service answers reads of any migration, or soon may: another proxy may know already. */
  #isWatched(): boolean {
    const { newest, leaseIsLive } = this.#parts;
    for (const standing of newest().byMigration.values()) {
      const { migration, stage } = standing;
      if (!this.#isSynced(migration) || stage === 'extracted' || stage === 'retired') continue;
      // A proxy without a lease may have missed the way to canary.
      if (isNear(standing) || !leaseIsLive()) return true;
    }
    return false;
  }
}

const cookieOf = ({ cookie }: CanarySettings): string => `${cookie}_wrote`;

/** Stage `canary`, or the only one that it may follow. */
function isNear({ stage }: Standing): boolean {
  return stage === 'canary' || stage === 'shadow';
}
