import type { ShadowSettings } from './schema.ts';
import type { Asked, Asker, Question } from './ask.ts';
import { compare, inWords, type Answer, type Difference } from './compare.ts';

/** What the comparisons of one migration found. */
export interface ShadowStats {
  compared: number;
  agreed: number;
  differed: number;
  /** Not compared, because too many comparisons were waiting. */
  dropped: number;
  /** Not compared, because a body was above the limit. */
  tooBig: number;
  /** Not compared, because the monolith gave no answer that counts, or never gives the same one twice. */
  noVerdict: number;
  /** The first ten differences, in words. */
  examples: string[];
}

/** A read that both sides are asked. */
export interface Sample {
  target: string;
  headers: Record<string, string | string[] | undefined>;
}

type Verdict = { kind: 'agreed' | 'tooBig' | 'noVerdict' } | { kind: 'differed'; example: string };

interface Both {
  monolith: Asked;
  service: Asked;
}

export interface MirrorParts {
  asker: Asker;
  monolith: () => URL;
  service: () => URL;
  settings: ShadowSettings;
  timeoutMs: number;
  /** Pauses before a difference is looked at again, in milliseconds: a replica may lag, a value may be noise. */
  pausesMs: readonly number[];
}

const AT_THE_SAME_TIME = 4;
const EXAMPLES = 10;

/** Asks both sides the same read and counts what stays different. Bounded: what does not fit is dropped. */
export class Mirror {
  readonly stats: ShadowStats = {
    compared: 0,
    agreed: 0,
    differed: 0,
    dropped: 0,
    tooBig: 0,
    noVerdict: 0,
    examples: [],
  };
  readonly #parts: MirrorParts;
  #settings: ShadowSettings;
  readonly #queue: Sample[] = [];
  readonly #atWork = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: MirrorParts) {
    this.#parts = parts;
    this.#settings = parts.settings;
  }

  configure(settings: ShadowSettings): void {
    this.#settings = settings;
  }

  /** Takes a sample, or drops it when there are too many. */
  offer(sample: Sample): void {
    if (this.#closed) return;
    if (this.#queue.length + this.#atWork.size >= this.#settings.maxPending) {
      this.stats.dropped += 1;
      return;
    }
    this.#queue.push(sample);
    this.#next();
  }

  /** Resolves once nothing waits or runs. */
  async settled(): Promise<void> {
    while (this.#atWork.size > 0) await Promise.all(this.#atWork);
  }

  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
  }

  #next(): void {
    if (this.#atWork.size >= AT_THE_SAME_TIME) return;
    const sample = this.#queue.shift();
    if (!sample) return;
    const work: Promise<void> = this.#judge(sample)
      .then((verdict) => this.#count(verdict))
      .finally(() => {
        this.#atWork.delete(work);
        this.#next();
      });
    this.#atWork.add(work);
  }

  async #judge(sample: Sample): Promise<Verdict> {
    let now = await this.#askBoth(sample);
    const noise: Difference[] = [];
    for (let attempt = 0; ; attempt += 1) {
      const differences = differencesOf(now, this.#settings.ignore);
      if (!Array.isArray(differences)) return { kind: differences };
      const left = differences.filter((difference) => !isNoise(difference, noise));
      if (left.length === 0) return { kind: differences.some(isWhole) ? 'noVerdict' : 'agreed' };
      const pauseMs = this.#parts.pausesMs[attempt];
      if (pauseMs === undefined || this.#closed) return this.#lastLook(sample, now.monolith, left);
      await pause(pauseMs);
      const before = now;
      now = await this.#askBoth(sample);
      noise.push(...noiseBetween(before.monolith, now.monolith));
    }
  }

  /** The service may have been asked a moment later, and know a write that came in between. */
  async #lastLook(sample: Sample, before: Asked, left: Difference[]): Promise<Verdict> {
    const { asker, timeoutMs, monolith } = this.#parts;
    const { maxBodyBytes } = this.#settings;
    const noise = noiseBetween(
      before,
      await asker.ask({ ...sample, maxBodyBytes, timeoutMs, url: monolith() }),
    );
    const still = left.filter((difference) => !isNoise(difference, noise));
    if (still.length > 0) return differed(sample, still);
    return { kind: left.some(isWhole) ? 'noVerdict' : 'agreed' };
  }

  async #askBoth(sample: Sample): Promise<Both> {
    const { asker, timeoutMs, monolith, service } = this.#parts;
    const question: Omit<Question, 'url'> = {
      ...sample,
      maxBodyBytes: this.#settings.maxBodyBytes,
      timeoutMs,
    };
    const [left, right] = await Promise.all([
      asker.ask({ ...question, url: monolith() }),
      asker.ask({ ...question, url: service() }),
    ]);
    return { monolith: left, service: right };
  }

  #count(verdict: Verdict): void {
    if (verdict.kind === 'agreed' || verdict.kind === 'differed') this.stats.compared += 1;
    this.stats[verdict.kind] += 1;
    if (verdict.kind === 'differed' && this.stats.examples.length < EXAMPLES) {
      this.stats.examples.push(verdict.example);
    }
  }
}

function differencesOf(both: Both, ignore: ShadowSettings['ignore']): Difference[] | 'tooBig' | 'noVerdict' {
  const { monolith, service } = both;
  if (monolith.kind === 'too big' || service.kind === 'too big') return 'tooBig';
  if (monolith.kind === 'no answer' || !countsAsTruth(monolith.answer)) return 'noVerdict';
  if (service.kind === 'no answer') {
    return [{ path: 'status', left: `${monolith.answer.status}`, right: `no answer (${service.reason})` }];
  }
  return compare(monolith.answer, service.answer, ignore);
}

function countsAsTruth(answer: Answer): boolean {
  return answer.status === 404 || (answer.status >= 200 && answer.status < 300);
}

/** What the monolith itself says differently from one time to the next. */
function noiseBetween(before: Asked, after: Asked): Difference[] {
  return before.kind === 'answer' && after.kind === 'answer' ? compare(before.answer, after.answer, []) : [];
}

function isNoise(difference: Difference, noise: readonly Difference[]): boolean {
  return noise.some(({ path }) => difference.path === path || difference.path.startsWith(`${path}/`));
}

/** A difference that covers the whole answer: ignoring it as noise would leave nothing that was compared. */
function isWhole(difference: Difference): boolean {
  return difference.path === '' || difference.path === 'body' || difference.path === 'status';
}

function differed(sample: Sample, differences: readonly Difference[]): Verdict {
  const words = differences.slice(0, 3).map(inWords).join('; ');
  const more = differences.length > 3 ? `; and ${differences.length - 3} more` : '';
  return { kind: 'differed', example: `GET ${sample.target.slice(0, 120)} ${words}${more}` };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
