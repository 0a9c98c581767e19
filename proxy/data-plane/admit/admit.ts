import { isDeepStrictEqual } from 'node:util';
import type { Route } from '../../routes/route.ts';
import type { RouteTable } from '../../routes/table.ts';
import type { Exchange, HeaderPair } from '../exchange.ts';
import type { ProxyLogger } from '../observe/observers.ts';
import { announceDeprecation, deprecationHeaders } from './deprecation.ts';
import { findDeprecations, type DocumentedOperation, type FindDeprecation } from './documented.ts';
import type { RouteDuties } from './duties-schema.ts';
import { RateLimits } from './rate-limits.ts';
import type { JwtSettings, RateLimitSettings } from './schema.ts';
import { Tokens, type Demand } from './tokens.ts';

/** What a migration asks of all its routes. */
export interface MigrationDuties extends RouteDuties {
  /** As its documents have them; none when left out. */
  operations?: readonly DocumentedOperation[];
}

/** What the configuration asks of a gateway. */
export interface AdmissionSettings {
  table: RouteTable;
  rateLimits: readonly RateLimitSettings[];
  jwt: JwtSettings | null;
  /** By migration; what a route says itself counts more. */
  migrations: Readonly<Record<string, MigrationDuties>>;
}

/** Requests that were refused before anything was decided. */
export interface RefusedCounts {
  /** By the name of the limit. */
  rateLimited: Record<string, number>;
  unauthorized: number;
  forbidden: number;
  /** The token could not be checked. */
  uncheckable: number;
}

/** What is done for the requests of one route. */
interface Duty {
  demand: Demand;
  deprecation: readonly HeaderPair[] | null;
  /** By the operation that a request is, where neither route nor migration says it. */
  findDeprecation: FindDeprecation | null;
}

/** What a gateway asks of a client before anything is decided. Off until configured. */
export class Admission {
  readonly #logger: ProxyLogger;
  readonly #byAddress = new RateLimits([]);
  /** Counted once it is known whose token it is. */
  readonly #byClaim = new RateLimits([]);
  #tokens: Tokens | null = null;
  #duties: ReadonlyMap<Route, Duty> = new Map();
  #unmatched: Demand = { auth: 'none', scopes: [] };
  /** Some request may have to wait for a check. */
  #checks = false;
  readonly #refused = { unauthorized: 0, forbidden: 0, uncheckable: 0 };

  /** Throws when the keys for tokens lie in a file that is of no use. */
  constructor(settings: AdmissionSettings, logger: ProxyLogger) {
    this.#logger = logger;
    this.#take(settings, settings.jwt && new Tokens(settings.jwt, logger));
  }

  /** Takes other settings. Keys that are of no use are refused, and tokens are checked as before. */
  configure(settings: AdmissionSettings): void {
    this.#take(settings, this.#renewedTokens(settings.jwt));
  }

  /** Fills in `claims`, `answerHeaders` or, when the client may not ask, `problem`. */
  admit(exchange: Exchange): Promise<void> | void {
    const duty = exchange.match ? this.#duties.get(exchange.match.route) : undefined;
    const deprecation = duty?.deprecation ?? duty?.findDeprecation?.(exchange);
    if (deprecation) announceDeprecation(exchange, deprecation);
    if (this.#checks) return this.#check(exchange, duty?.demand ?? this.#unmatched);
  }

  refused(): RefusedCounts {
    return { ...this.#refused, rateLimited: { ...this.#byAddress.refused(), ...this.#byClaim.refused() } };
  }

  close(): void {
    this.#tokens?.close();
  }

  /** What costs least is asked first: counting before checking a signature. */
  async #check(exchange: Exchange, demand: Demand): Promise<void> {
    if (!this.#byAddress.isEmpty) await this.#byAddress.keep(exchange);
    if (this.#tokens && !exchange.problem) await this.#tokens.check(exchange, demand);
    if (!this.#byClaim.isEmpty && !exchange.problem) await this.#byClaim.keep(exchange);
    if (exchange.problem) this.#count(exchange.problem.status);
  }

  #count(status: number): void {
    if (status === 401) this.#refused.unauthorized += 1;
    else if (status === 403) this.#refused.forbidden += 1;
    else if (status === 503) this.#refused.uncheckable += 1;
  }

  #renewedTokens(settings: JwtSettings | null): Tokens | null {
    if (isDeepStrictEqual(settings, this.#tokens?.settings ?? null)) return this.#tokens;
    try {
      const next = settings && new Tokens(settings, this.#logger);
      this.#tokens?.close();
      return next;
    } catch (error) {
      this.#logger.warn({ error }, 'the new settings for tokens are refused; they are checked as before');
      return this.#tokens;
    }
  }

  #take({ table, rateLimits, jwt, migrations }: AdmissionSettings, tokens: Tokens | null): void {
    const isByClaim = ({ by }: RateLimitSettings): boolean => typeof by === 'object' && 'jwt' in by;
    this.#byAddress.configure(rateLimits.filter((limit) => !isByClaim(limit)));
    this.#byClaim.configure(rateLimits.filter(isByClaim));
    this.#tokens = tokens;
    this.#unmatched = { auth: jwt?.unmatched ?? 'none', scopes: [] };
    this.#checks = tokens !== null || rateLimits.length > 0;
    const documented = new Map(
      Object.entries(migrations).map(([name, { operations = [] }]) => [name, findDeprecations(operations)]),
    );
    this.#duties = new Map(
      table.routes.map((route) => {
        const duty = dutyOf(route, migrations[route.migration] ?? {}, jwt);
        return [route, { ...duty, findDeprecation: documented.get(route.migration) ?? null }];
      }),
    );
  }
}

function dutyOf(
  { settings }: Route,
  ofMigration: RouteDuties,
  jwt: JwtSettings | null,
): Omit<Duty, 'findDeprecation'> {
  const scopes = settings.scopes ?? ofMigration.scopes ?? [];
  const auth = settings.auth ?? ofMigration.auth ?? jwt?.auth ?? 'none';
  const deprecated = settings.deprecated ?? ofMigration.deprecated;
  return {
    demand: { auth: scopes.length > 0 ? 'required' : auth, scopes },
    deprecation: deprecated ? deprecationHeaders(deprecated) : null,
  };
}
