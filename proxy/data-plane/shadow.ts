import type { ShadowSettings } from '../routes/schema.ts';
import type { Exchange } from './exchange.ts';
import type { Standings } from './standing.ts';
import type { Asker } from './ask.ts';
import { Mirror, type Sample, type ShadowStats } from './mirror.ts';

export interface ShadowParts {
  asker: Asker;
  monolith: URL;
  serviceOf: (service: string) => URL;
  settingsOf: (migration: string) => ShadowSettings;
  timeoutMs: number;
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
  readonly #mirrors = new Map<string, Mirror>();
  readonly #since = new Map<string, string | null>();

  constructor(parts: ShadowParts) {
    this.#parts = parts;
    this.#random = parts.random ?? Math.random;
  }

  /** Looks at an exchange that has ended; a sampled read goes to both sides once more. */
  consider(exchange: Exchange): void {
    const { match, request } = exchange;
    if (!match || !isWorthComparing(exchange)) return;
    if (this.#random() * 100 >= this.#parts.settingsOf(match.migration).sample) return;
    const { path, query } = request.target;
    this.#mirrorOf(match.migration, match.service).offer({
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

  #mirrorOf(migration: string, service: string): Mirror {
    let mirror = this.#mirrors.get(migration);
    if (!mirror) {
      const { asker, monolith, serviceOf, settingsOf, timeoutMs } = this.#parts;
      mirror = new Mirror({
        asker,
        monolith,
        service: serviceOf(service),
        settings: settingsOf(migration),
        timeoutMs,
        pausesMs: this.#parts.pausesMs ?? PAUSES_MS,
      });
      this.#mirrors.set(migration, mirror);
    }
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
