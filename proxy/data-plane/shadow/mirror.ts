import { setImmediate as turn } from 'node:timers/promises';
import type { Side, WholeAnswer } from '../exchange.ts';
import { answered, type Asked, type Asker, type Question } from './ask.ts';
import type { Answer } from './compare.ts';
import type { Comparer } from './comparer.ts';
import { Findings, type OperationFindings, type ShadowCounts } from './findings.ts';
import { cut, type Difference } from './found.ts';
import { judge, noAnswer, type Judgement, type Look } from './judge.ts';
import { Recorded, type ContractCheck, type RecordedFindings } from './recorded.ts';
import { basisOf } from './rules.ts';
import type { ShadowSettings } from './schema.ts';
import { Slots } from './slots.ts';

/** What the comparisons of one migration counted. */
export interface ShadowStats extends ShadowCounts {
  /** What the findings rest on; those on another basis say nothing about now. */
  basis: string;
  /** The first ten differences, in words. */
  examples: string[];
  /** By method and path of the route. */
  operations: Record<string, ShadowCounts>;
}

/** What the comparisons of one migration found, with examples. */
export interface ShadowFindings {
  basis: string;
  operations: Record<string, OperationFindings>;
  /** What the answers do against their contracts. */
  recorded: RecordedFindings;
}

/** A read that both sides are asked. */
export interface Sample {
  service: string;
  /** Path of its route. */
  template: string;
  target: string;
  headers: Record<string, string | string[] | undefined>;
  /** What the monolith told the client; null where it is not at hand any more. */
  answer: WholeAnswer | null;
  /** Whether a side is told the Host of its own url in the place of the client's. */
  rewritesHost: Readonly<Record<Side, boolean>>;
}

export interface MirrorParts {
  asker: Asker;
  comparer: Comparer;
  contracts: ContractCheck | null;
  monolith: () => URL;
  service: (name: string) => URL;
  timeoutMs: () => number;
  /** Called when there is something new in the findings. */
  changed: () => void;
}

/** Samples that are judged at the same time; each may keep an answer while it pauses. */
const JUDGED_AT_ONCE = 16;
/** Of these, how many ask and compare at the same time. */
const ASKED_AT_ONCE = 4;
/** Pauses of a course, as shares of the time that a difference must last. */
const PAUSES = [0.04, 0.16, 0.8];

/** Asks both sides the same read and counts what stays different. Bounded: what does not fit is dropped. */
export class Mirror {
  readonly basis: string;
  readonly #parts: MirrorParts;
  #settings: ShadowSettings;
  readonly #findings = new Findings();
  readonly #recorded = new Recorded();
  readonly #checking = new Set<Promise<void>>();
  readonly #queue: Sample[] = [];
  readonly #atWork = new Set<Promise<void>>();
  readonly #slots = new Slots(ASKED_AT_ONCE);
  readonly #stop = new AbortController();

  constructor(parts: MirrorParts, settings: ShadowSettings, shadowSince: string | null) {
    this.#parts = parts;
    this.#settings = settings;
    this.basis = basisOf(shadowSince, settings);
  }

  /** Takes settings on whose rules the findings can go on; others need a mirror of their own. */
  configure(settings: ShadowSettings): void {
    this.#settings = settings;
  }

  /** Takes a sample, or drops it when there are too many; most are dropped where many are offered, so none is made before. */
  offer(template: string, sample: () => Sample): void {
    if (this.#stop.signal.aborted) return;
    if (this.#queue.length + this.#atWork.size >= this.#settings.maxPending) {
      this.#findings.drop(operationOf({ template }));
      return;
    }
    this.#queue.push(sample());
    this.#next();
  }

  /** What was counted; null when nothing was sampled yet. */
  stats(): ShadowStats | null {
    const { basis } = this;
    const operations = this.#findings.counts();
    if (Object.keys(operations).length === 0) return null;
    return { basis, ...this.#findings.totals(), examples: [...this.#findings.examples], operations };
  }

  findings(): ShadowFindings {
    const { secrets } = this.#parts.comparer.rulesOf(this.#settings);
    const recorded = this.#recorded.findings();
    return { basis: this.basis, operations: this.#findings.details(secrets), recorded };
  }

  /** Resolves once nothing waits or runs. */
  async settled(): Promise<void> {
    while (this.#atWork.size + this.#checking.size > 0)
      await Promise.all([...this.#atWork, ...this.#checking]);
  }

  close(): void {
    this.#stop.abort();
    this.#queue.length = 0;
  }

  #next(): void {
    if (this.#atWork.size >= JUDGED_AT_ONCE) return;
    const sample = this.#queue.shift();
    if (!sample) return;
    // What has come from clients and for them goes first: one that waits would wait for the comparison.
    const work: Promise<void> = turn()
      .then(() => this.#judge(sample))
      // Nobody is left to ask, because the configuration just changed.
      .catch((): Judgement => ({ kind: 'noVerdict' }))
      .then((judgement) => this.#record(sample, judgement))
      .finally(() => {
        this.#atWork.delete(work);
        this.#next();
      });
    this.#atWork.add(work);
  }

  #judge(sample: Sample): Promise<Judgement> {
    return judge({
      look: (before) => this.#slots.hold(() => this.#look(sample, before)),
      lookAtMonolith: (before) => this.#slots.hold(() => this.#lookAtMonolith(sample, before)),
      noise: this.#findings.noiseOf(operationOf(sample)),
      pausesMs: PAUSES.map((share) => share * this.#settings.settleSeconds * 1000),
      signal: this.#stop.signal,
    });
  }

  async #look(sample: Sample, before: Answer | null): Promise<Look> {
    const asked = this.#ask('service', sample);
    const agreement = before === null ? await this.#agreement(sample, asked) : null;
    if (agreement) return agreement;
    const [left, right] = await Promise.all([this.#ask('monolith', sample), asked]);
    // Once a sample, however often it is looked at.
    if (before === null) {
      this.#holdToContract('monolith', sample, left);
      this.#holdToContract('service', sample, right);
    }
    if (left.kind === 'too big' || right.kind === 'too big') return { kind: 'tooBig' };
    if (left.kind === 'no answer' || !isAnswer(left.answer.status)) return { kind: 'noVerdict' };
    const differences =
      right.kind === 'no answer'
        ? [noAnswer(left.answer, right)]
        : await this.#compare(left.answer, right.answer);
    const varied = before ? await this.#compare(before, left.answer) : [];
    if (!differences || !varied) return { kind: 'noVerdict' };
    return { kind: 'compared', monolith: left.answer, differences, varied };
  }

  /**
   * What the client was told, in the encoding that it wanted, can show that both sides agree, and nothing else: neither a
   * difference nor what changes from one answer to the next. Null where it does not.
   */
  async #agreement(sample: Sample, asked: Promise<Asked>): Promise<Look | null> {
    if (!sample.answer) return null;
    const [left, right] = await Promise.all([this.#recall(sample.answer), asked]);
    if (left.kind !== 'answer' || right.kind !== 'answer' || !isAnswer(left.answer.status)) return null;
    const differences = await this.#compare(left.answer, right.answer);
    if (differences?.length !== 0) return null;
    this.#holdToContract('monolith', sample, left);
    this.#holdToContract('service', sample, right);
    return { kind: 'compared', monolith: left.answer, differences, varied: [] };
  }

  /** An answer that does not come says nothing about noise: then the difference is taken for what it looks like. */
  async #lookAtMonolith(sample: Sample, before: Answer): Promise<Difference[]> {
    const again = await this.#ask('monolith', sample);
    return again.kind === 'answer' ? ((await this.#compare(before, again.answer)) ?? []) : [];
  }

  #compare(left: Answer, right: Answer): Promise<Difference[] | null> {
    return this.#parts.comparer.compare(left, right, this.#settings);
  }

  async #ask(side: Side, sample: Sample): Promise<Asked> {
    const { asker, monolith, service, timeoutMs } = this.#parts;
    const url = side === 'monolith' ? monolith() : service(sample.service);
    const { target } = sample;
    const headers = sample.rewritesHost[side] ? { ...sample.headers, host: url.host } : sample.headers;
    return asker.ask({ url, target, headers, ...this.#wanted(), timeoutMs: timeoutMs() });
  }

  #recall(answer: WholeAnswer): Promise<Asked> {
    return answered(answer, Buffer.from(answer.text.slice(answer.bodyAt), 'latin1'), this.#wanted());
  }

  #wanted(): Pick<Question, 'wanted' | 'maxBodyBytes'> {
    const { headers, maxBodyBytes } = this.#settings;
    const wanted = headers.includes('content-type') ? headers : [...headers, 'content-type'];
    return { wanted, maxBodyBytes };
  }

  /** Nobody waits for it: the answer was asked for only to be looked at. */
  #holdToContract(side: Side, { service, template, target }: Sample, asked: Asked): void {
    if (asked.kind !== 'answer') return;
    const path = target.split('?', 1)[0] ?? target;
    const checking = this.#parts.contracts?.check(side, service, path, asked.answer);
    if (!checking) return;
    const { secrets } = this.#parts.comparer.rulesOf(this.#settings);
    const work: Promise<void> = checking.then((violations) => {
      this.#checking.delete(work);
      if (this.#stop.signal.aborted) return;
      const shown = cut(secrets.target(target, template));
      this.#recorded.record(side, `GET ${template}`, shown, violations, secrets);
      this.#parts.changed();
    });
    this.#checking.add(work);
  }

  #record(sample: Sample, judgement: Judgement): void {
    if (this.#stop.signal.aborted) return;
    const { secrets } = this.#parts.comparer.rulesOf(this.#settings);
    const target = judgement.kind === 'differed' ? cut(secrets.target(sample.target, sample.template)) : '';
    this.#findings.record(operationOf(sample), target, judgement, secrets);
    const isNoiseNews = this.#findings.noiseOf(operationOf(sample)).takeNews();
    if (judgement.kind === 'differed' || isNoiseNews) this.#parts.changed();
  }
}

function operationOf({ template }: Pick<Sample, 'template'>): string {
  return `GET ${template}`;
}

/** Whether a status says something about the read itself, and not that something failed or should be asked later. */
export function isAnswer(status: number): boolean {
  return status >= 200 && status < 500 && !ABOUT_THE_MOMENT.has(status);
}

const ABOUT_THE_MOMENT = new Set([304, 408, 421, 425, 429]);
