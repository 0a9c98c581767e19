import type { ShadowSettings } from './schema.ts';
import type { Exchange } from '../exchange.ts';
import type { Standings } from '../standing.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';
import type { Asker } from './ask.ts';
import { Mirror, type Sample, type ShadowStats } from './mirror.ts';

export interface SettingsOfAll {
  /** Undefined for a migration that is not configured any more. */
  of: (migration: string) => ShadowSettings | undefined;
  timeoutMs: number;
}

export interface ShadowParts {
  asker: Asker;
  upstreams: Pick<Upstreams, 'monolithAddress' | 'serviceAddress'>;
  settings: SettingsOfAll;
  pausesMs?: readonly number[];
  random?: () => number;
}

// Together longer than the lag that the gate on lag lets pass by default: what is only late is no difference.
const PAUSES_MS = [100, 400, 2000];

// Conditions and ranges would be answered with half an answer; the encoding would hide that two bodies are equal.
const NOT_MIRRORED = [
  'if-none-match',
  'if-modified-since',
  'if-range',
  'if-match',
  'if-unmodified-since',
  'range',
];

/** Chooses the reads that are compared, and has them compared after the client has its answer. */
export class ShadowReads {
  readonly #parts: ShadowParts;
  readonly #random: () => number;
  #settings: SettingsOfAll;
  readonly #mirrors = new Map<string, Mirror>();
  readonly #since = new Map<string, string | null>();

  constructor(parts: ShadowParts) {
    this.#parts = parts;
    this.#settings = parts.settings;
    this.#random = parts.random ?? Math.random;
  }

  configure(settings: SettingsOfAll): void {
    this.#settings = settings;
  }

  /** Looks at an exchange that has ended; a sampled read goes to both sides once more. */
  consider(exchange: Exchange): void {
    const { match, request } = exchange;
    if (!match || !isWorthComparing(exchange)) return;
    const settings = this.#settings.of(match.migration);
    if (!settings || this.#random() * 100 >= settings.sample) return;
    const { path, query } = request.target;
    this.#mirrorOf(match.migration, match.service, settings).offer({
      target: path + query,
      headers: mirrored(exchange.carrier.sentHeaders()),
    });
  }

  /** Forgets what was found in an earlier stage `shadow`: it may long be mended. */
  follow(standings: Standings): void {
    for (const { migration, shadowSince } of standings.byMigration.values()) {
      const before = this.#since.get(migration);
      this.#since.set(migration, shadowSince);
      if (before === undefined || before === shadowSince) continue;
      this.#mirrors.get(migration)?.close();
      this.#mirrors.delete(migration);
    }
  }

  /** What was found for a migration; null when nothing was sampled yet. */
  stats(migration: string): ShadowStats | null {
    const stats = this.#mirrors.get(migration)?.stats;
    return stats ? { ...stats, examples: [...stats.examples] } : null;
  }

  /** Resolves once no comparison waits or runs. */
  async settled(): Promise<void> {
    await Promise.all([...this.#mirrors.values()].map((mirror) => mirror.settled()));
  }

  close(): void {
    for (const mirror of this.#mirrors.values()) mirror.close();
    this.#parts.asker.close();
  }

  #mirrorOf(migration: string, service: string, settings: ShadowSettings): Mirror {
    let mirror = this.#mirrors.get(migration);
    if (!mirror) {
      const { asker, upstreams, pausesMs = PAUSES_MS } = this.#parts;
      mirror = new Mirror({
        asker,
        monolith: () => upstreams.monolithAddress,
        service: () => upstreams.serviceAddress(service),
        settings,
        timeoutMs: this.#settings.timeoutMs,
        pausesMs,
      });
      this.#mirrors.set(migration, mirror);
    }
    mirror.configure(settings);
    return mirror;
  }
}

function isWorthComparing({ request, match, decision, outcome }: Exchange): boolean {
  if (!outcome || match?.kind !== 'reads' || request.method !== 'GET' || decision.side !== 'monolith')
    return false;
  const isEventStream = request.header('accept')?.includes('text/event-stream') ?? false;
  const isWhole = request.header('range') === undefined && request.header('upgrade') === undefined;
  const isAnswer = outcome.status === 404 || (outcome.status >= 200 && outcome.status < 300);
  return isAnswer && isWhole && !isEventStream && (request.bodyBytes ?? 1) === 0;
}

function mirrored(sent: Readonly<Record<string, string | string[] | undefined>>): Sample['headers'] {
  const headers: Sample['headers'] = {};
  for (const [name, value] of Object.entries(sent)) {
    if (value !== undefined && !NOT_MIRRORED.includes(name)) headers[name] = value;
  }
  headers['accept-encoding'] = 'identity';
  return headers;
}
