import { isDeepStrictEqual } from 'node:util';
import type { ShadowSettings } from './schema.ts';
import { completeUpstreamHeaders, type Exchange, type RequestHead } from '../exchange.ts';
import { rewritesHost, type UpstreamHosts } from '../lane/outgoing.ts';
import type { Standing, Standings } from '../standing.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';
import type { Asker } from './ask.ts';
import { Comparer } from './comparer.ts';
import { isAnswer, Mirror, type Sample, type ShadowFindings, type ShadowStats } from './mirror.ts';
import type { ContractCheck } from './recorded.ts';
import { basisOf, withIgnored } from './rules.ts';

export interface SettingsOfAll {
  /** Undefined for a migration that is not configured any more. */
  of: (migration: string) => ShadowSettings | undefined;
  timeoutMs: number;
  upstreamHosts: UpstreamHosts;
}

/** What the journal says of comparing. */
type Orders = Pick<Standing, 'shadowSince' | 'ignored'>;

export interface ShadowParts {
  asker: Asker;
  /** Null when nobody holds answers to a contract. */
  contracts: ContractCheck | null;
  upstreams: Pick<Upstreams, 'monolithAddress' | 'serviceAddress'>;
  settings: SettingsOfAll;
}

// Conditions and ranges would be answered with half an answer; the encoding would hide that two bodies are equal.
const NOT_MIRRORED: ReadonlySet<string> = new Set([
  'if-none-match',
  'if-modified-since',
  'if-range',
  'if-match',
  'if-unmodified-since',
  'range',
]);

/** Chooses the reads that are compared, and has them compared after the client has its answer. */
export class ShadowReads {
  readonly #parts: ShadowParts;
  readonly #comparer = new Comparer();
  #settings: SettingsOfAll;
  readonly #mirrors = new Map<string, Mirror>();
  readonly #orders = new Map<string, Orders>();
  /** The settings of the configuration with what was ordered besides: rules are prepared once for each. */
  readonly #inForce = new Map<string, ShadowSettings>();
  #revision = 0;

  constructor(parts: ShadowParts) {
    this.#parts = parts;
    this.#settings = parts.settings;
  }

  /** Findings go on as long as the rules are the same; under other rules they begin anew. */
  configure(settings: SettingsOfAll): void {
    this.#settings = settings;
    this.#inForce.clear();
    for (const [migration, mirror] of this.#mirrors) {
      const own = this.#settingsOf(migration);
      if (own && basisOf(this.#sinceOf(migration), own) === mirror.basis) mirror.configure(own);
      else this.#forget(migration);
    }
  }

  /** Looks at an exchange that has ended; a sampled read goes to both sides once more. */
  consider(exchange: Exchange): void {
    const { match, request } = exchange;
    const settings = match && this.#settingsOf(match.migration);
    if (!settings || settings.sample === 0 || !isWorthComparing(exchange)) return;
    if (Math.random() * 100 >= settings.sample) return;
    const template = match.route.path;
    this.#mirrorOf(match.migration, settings).offer(template, () => {
      const { path, query } = request.target;
      return {
        service: match.service,
        template,
        target: path + query,
        headers: mirrored(exchange),
        answer: isUnconditional(request) ? exchange.wholeAnswer : null,
        rewritesHost: {
          monolith: rewritesHost(match, 'monolith', this.#settings.upstreamHosts),
          service: rewritesHost(match, 'service', this.#settings.upstreamHosts),
        },
      };
    });
  }

  /** Forgets what was found in an earlier stage `shadow`: it may long be mended; and what was found by other rules. */
  follow(standings: Standings): void {
    for (const { migration, shadowSince, ignored } of standings.byMigration.values()) {
      const before = this.#orders.get(migration);
      const orders = { shadowSince, ignored };
      if (before && isDeepStrictEqual(before, orders)) continue;
      this.#orders.set(migration, orders);
      this.#inForce.delete(migration);
      if (before) this.#forget(migration);
    }
  }

  /** What was counted for a migration; null when nothing was sampled yet. */
  stats(migration: string): ShadowStats | null {
    return this.#mirrors.get(migration)?.stats() ?? null;
  }

  /** A number that changes whenever the findings do. */
  get revision(): number {
    return this.#revision;
  }

  /** What was found, with examples, by migration. */
  findings(): Record<string, ShadowFindings> {
    return Object.fromEntries([...this.#mirrors].map(([name, mirror]) => [name, mirror.findings()]));
  }

  /** Resolves once no comparison waits or runs. */
  async settled(): Promise<void> {
    await Promise.all([...this.#mirrors.values()].map((mirror) => mirror.settled()));
  }

  close(): void {
    for (const mirror of this.#mirrors.values()) mirror.close();
    this.#comparer.close();
    this.#parts.asker.close();
  }

  #settingsOf(migration: string): ShadowSettings | undefined {
    const known = this.#inForce.get(migration);
    if (known) return known;
    const configured = this.#settings.of(migration);
    if (!configured) return undefined;
    const settings = withIgnored(configured, this.#orders.get(migration)?.ignored ?? []);
    this.#inForce.set(migration, settings);
    return settings;
  }

  #sinceOf(migration: string): string | null {
    return this.#orders.get(migration)?.shadowSince ?? null;
  }

  #forget(migration: string): void {
    this.#mirrors.get(migration)?.close();
    this.#mirrors.delete(migration);
    this.#revision += 1;
  }

  #mirrorOf(migration: string, settings: ShadowSettings): Mirror {
    let mirror = this.#mirrors.get(migration);
    if (mirror) return mirror;
    const { asker, contracts, upstreams } = this.#parts;
    const parts = {
      asker,
      contracts,
      comparer: this.#comparer,
      monolith: () => upstreams.monolithAddress,
      service: (name: string) => upstreams.serviceAddress(name),
      timeoutMs: () => this.#settings.timeoutMs,
      changed: () => (this.#revision += 1),
    };
    mirror = new Mirror(parts, settings, this.#sinceOf(migration));
    this.#mirrors.set(migration, mirror);
    return mirror;
  }
}

function isWorthComparing({ request, match, decision, outcome }: Exchange): boolean {
  if (!outcome || match?.kind !== 'reads' || request.method !== 'GET' || decision.side !== 'monolith')
    return false;
  const isEventStream = request.header('accept')?.includes('text/event-stream') ?? false;
  const isWhole = request.header('range') === undefined && request.header('upgrade') === undefined;
  return isAnswer(outcome.status) && isWhole && !isEventStream && (request.bodyBytes ?? 1) === 0;
}

function isUnconditional(request: RequestHead): boolean {
  for (const name of NOT_MIRRORED) if (request.header(name) !== undefined) return false;
  return true;
}

/** By what the client sent, which is the same object while a client says the same of itself. */
const mirroredBySent = new WeakMap<object, Sample['headers']>();

function mirrored(exchange: Exchange): Sample['headers'] {
  const sent = exchange.carrier.sentHeaders();
  if (exchange.upstreamHeaders.length > 0) {
    const completed = { ...sent };
    completeUpstreamHeaders(completed, exchange);
    return withoutConditions(completed);
  }
  let headers = mirroredBySent.get(sent);
  if (!headers) mirroredBySent.set(sent, (headers = withoutConditions(sent)));
  return headers;
}

function withoutConditions(sent: Readonly<Sample['headers']>): Sample['headers'] {
  const headers: Sample['headers'] = {};
  for (const [name, value] of Object.entries(sent)) {
    if (value !== undefined && !NOT_MIRRORED.has(name)) headers[name] = value;
  }
  headers['accept-encoding'] = 'identity';
  return headers;
}
