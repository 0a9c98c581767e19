import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { match } from '../../routes/match.ts';
import { buildRouteTable, type RouteTable } from '../../routes/table.ts';
import type { Exchange, Problem } from '../exchange.ts';
import { clientKey } from './client-key.ts';
import { secondsOf } from './duration.ts';
import type { RateLimitSettings } from './schema.ts';

// About 20 MB for one limit, and twice that while two windows overlap.
const MOST_CLIENTS = 50_000;
const EVERYBODY_ELSE = '*';

/** One limit and what it remembers. */
class RateLimit {
  readonly settings: RateLimitSettings;
  readonly policy: string;
  readonly #limiter: RateLimiterMemory;
  readonly #table: RouteTable | null;
  readonly #windowMs: number;
  readonly #mostClients: number;
  /** Clients that came in this window. */
  readonly #clients = new Set<string>();
  #windowEnds = 0;
  refused = 0;

  constructor(settings: RateLimitSettings, mostClients: number) {
    const { name, requests, per, routes } = settings;
    const duration = secondsOf(per);
    this.settings = settings;
    this.policy = `"${name}";q=${requests};w=${duration}`;
    this.#limiter = new RateLimiterMemory({ points: requests, duration, keyPrefix: '' });
    this.#table = routes ? buildRouteTable([{ migration: name, service: '', routes }]) : null;
    this.#windowMs = duration * 1000;
    this.#mostClients = mostClients;
  }

  concerns({ request }: Exchange): boolean {
    return !this.#table || match(this.#table, request) !== null;
  }

  /** Counts a request of this client. */
  async count(client: string): Promise<RateLimiterRes> {
    try {
      return await this.#limiter.consume(this.#remembered(client));
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return refusal;
      throw refusal;
    }
  }

  /** Those who come when too many are remembered share one count, so that inventing names costs no memory. */
  #remembered(client: string): string {
    const now = Date.now();
    if (now >= this.#windowEnds) {
      this.#clients.clear();
      this.#windowEnds = now + this.#windowMs;
    }
    if (this.#clients.has(client)) return client;
    if (this.#clients.size >= this.#mostClients) return EVERYBODY_ELSE;
    this.#clients.add(client);
    return client;
  }
}

/** Limits that a request has to keep, all of them. */
export class RateLimits {
  readonly #mostClients: number;
  #limits: readonly RateLimit[] = [];

  constructor(settings: readonly RateLimitSettings[], mostClients = MOST_CLIENTS) {
    this.#mostClients = mostClients;
    this.configure(settings);
  }

  /** A limit that stays as it is keeps its counts. */
  configure(settings: readonly RateLimitSettings[]): void {
    const before = new Map(this.#limits.map((limit) => [JSON.stringify(limit.settings), limit]));
    this.#limits = settings.map(
      (each) => before.get(JSON.stringify(each)) ?? new RateLimit(each, this.#mostClients),
    );
  }

  get isEmpty(): boolean {
    return this.#limits.length === 0;
  }

  /** Requests that each limit refused. */
  refused(): Record<string, number> {
    return Object.fromEntries(this.#limits.map(({ settings, refused }) => [settings.name, refused]));
  }

  /** Counts a request, and says with the answer what is left; fills in `problem` when it is one too many. */
  async keep(exchange: Exchange): Promise<void> {
    const policies: string[] = [];
    const left: string[] = [];
    for (const limit of this.#limits) {
      if (!limit.concerns(exchange)) continue;
      const { remainingPoints, consumedPoints, msBeforeNext } = await limit.count(
        clientKey(exchange, limit.settings.by),
      );
      const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
      policies.push(limit.policy);
      left.push(`"${limit.settings.name}";r=${remainingPoints};t=${seconds}`);
      if (consumedPoints <= limit.settings.requests) continue;
      limit.refused += 1;
      exchange.problem = tooMany(limit.settings, seconds);
      break;
    }
    if (left.length === 0) return;
    exchange.answerHeaders.push(['RateLimit-Policy', policies.join(', ')], ['RateLimit', left.join(', ')]);
  }
}

function tooMany({ name, requests, per }: RateLimitSettings, seconds: number): Problem {
  return {
    status: 429,
    title: 'Too many requests',
    detail:
      `Nothing was sent to any side: the limit "${name}" lets one client send ${requests} requests in ${per}. ` +
      `Ask again in ${seconds} s.`,
    retryAfterSeconds: seconds,
  };
}
