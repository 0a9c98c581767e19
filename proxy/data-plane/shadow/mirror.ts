import type { Side, WholeAnswer } from '../exchange.ts';
import { answered, whenKnown, type Asked, type Asker, type Question } from './ask.ts';
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
const NO_VERDICT: Judgement = { kind: 'noVerdict' };

/** Asks both sides the same read and counts what stays different. Bounded: what does not fit is dropped. */
export class Mirror {
  readonly basis: string;
  readonly #parts: MirrorParts;
  #settings: ShadowSettings;
  /** Headers of the answers that are compared, or that say what a body is. */
  #wanted: readonly string[];
  readonly #findings = new Findings();
  readonly #recorded = new Recorded();
  readonly #checking = new Set<Promise<void>>();
  readonly #queue: Sample[] = [];
  #atWork = 0;
  /** Called once nothing waits or runs. */
  #idle: (() => void)[] = [];
  readonly #slots = new Slots(ASKED_AT_ONCE);
  readonly #stop = new AbortController();

  constructor(parts: MirrorParts, settings: ShadowSettings, shadowSince: string | null) {
    this.#parts = parts;
    this.#settings = settings;
    this.#wanted = wantedBy(settings);
    this.basis = basisOf(shadowSince, settings);
  }

  /** Takes settings on whose rules the findings can go on; others need a mirror of their own. */
  configure(settings: ShadowSettings): void {
    this.#settings = settings;
    this.#wanted = wantedBy(settings);
  }

  /** Takes a sample, or drops it when there are too many; most are dropped where many are offered, so none is made before. */
  offer(template: string, sample: () => Sample): void {
    if (this.#stop.signal.aborted) return;
    if (this.#queue.length + this.#atWork >= this.#settings.maxPending) {
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
    while (this.#atWork + this.#checking.size > 0) {
      if (this.#atWork > 0) await new Promise<void>((idle) => this.#idle.push(idle));
      await Promise.all(this.#checking);
    }
  }

  close(): void {
    this.#stop.abort();
    this.#queue.length = 0;
  }

  #next(): void {
    if (this.#atWork >= JUDGED_AT_ONCE) return;
    const sample = this.#queue.shift();
    if (!sample) return;
    this.#atWork += 1;
    // What has come from clients and for them goes first: one that waits would wait for the comparison.
    setImmediate(() => this.#begin(sample));
  }

  /**
   * What the client was told, in the encoding that it wanted, can show that both sides agree, and nothing else: neither a
   * difference nor what changes from one answer to the next. Most samples end here, so it goes without promises.
   */
  #begin(sample: Sample): void {
    const { answer } = sample;
    if (!answer) return this.#judge(sample, null);
    const question = this.#questionTo('service', sample);
    if (!question || this.#stop.signal.aborted) return this.#end(sample, NO_VERDICT);
    this.#slots.take(() =>
      this.#parts.asker.ask(question, (right) =>
        whenKnown(this.#recall(answer), (left) => this.#glance(sample, left, right)),
      ),
    );
  }

  #glance(sample: Sample, left: Asked, right: Asked): void {
    const isComparable = left.kind === 'answer' && right.kind === 'answer' && isAnswer(left.answer.status);
    const differences = isComparable ? this.#compare(left.answer, right.answer) : null;
    whenKnown(differences, (found) => {
      this.#slots.give();
      if (found?.length !== 0) return this.#judge(sample, right);
      this.#holdToContract('monolith', sample, left);
      this.#holdToContract('service', sample, right);
      this.#end(sample, { kind: 'agreed' });
    });
  }

  /** @param right what the service has said already, a moment ago */
  #judge(sample: Sample, right: Asked | null): void {
    void this.#judged(sample, right)
      // What breaks on the way says nothing about the sides: as a rule nobody is left to ask after a change of configuration.
      .catch((): Judgement => NO_VERDICT)
      .then((judgement) => this.#end(sample, judgement));
  }

  #end(sample: Sample, judgement: Judgement): void {
    this.#record(sample, judgement);
    this.#atWork -= 1;
    this.#next();
    if (this.#atWork > 0) return;
    for (const idle of this.#idle.splice(0)) idle();
  }

  #judged(sample: Sample, right: Asked | null): Promise<Judgement> {
    return judge({
      look: (before) => this.#slots.hold(() => this.#look(sample, before, before === null ? right : null)),
      lookAtMonolith: (before) => this.#slots.hold(() => this.#lookAtMonolith(sample, before)),
      noise: this.#findings.noiseOf(operationOf(sample)),
      pausesMs: PAUSES.map((share) => share * this.#settings.settleSeconds * 1000),
      signal: this.#stop.signal,
    });
  }

  async #look(sample: Sample, before: Answer | null, told: Asked | null): Promise<Look> {
    const [left, right] = await Promise.all([
      this.#ask('monolith', sample),
      told ?? this.#ask('service', sample),
    ]);
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

  /** An answer that does not come says nothing about noise: then the difference is taken for what it looks like. */
  async #lookAtMonolith(sample: Sample, before: Answer): Promise<Difference[]> {
    const again = await this.#ask('monolith', sample);
    return again.kind === 'answer' ? ((await this.#compare(before, again.answer)) ?? []) : [];
  }

  #compare(left: Answer, right: Answer): ReturnType<Comparer['compare']> {
    return this.#parts.comparer.compare(left, right, this.#settings);
  }

  async #ask(side: Side, sample: Sample): Promise<Asked> {
    const question = this.#questionTo(side, sample);
    if (!question) throw new Error(`nobody is left to ask for ${sample.service}`);
    return new Promise((told) => this.#parts.asker.ask(question, told));
  }

  /** Null where the configuration just changed, and nobody is left to ask. */
  #questionTo(side: Side, sample: Sample): Question | null {
    const url = this.#addressOf(side, sample);
    if (!url) return null;
    const { target } = sample;
    const timeoutMs = this.#parts.timeoutMs();
    const headers = sample.rewritesHost[side] ? { ...sample.headers, host: url.host } : sample.headers;
    const { maxBodyBytes } = this.#settings;
    return { url, target, headers, wanted: this.#wanted, maxBodyBytes, timeoutMs };
  }

  #addressOf(side: Side, { service }: Sample): URL | null {
    try {
      return side === 'monolith' ? this.#parts.monolith() : this.#parts.service(service);
    } catch {
      return null;
    }
  }

  #recall(answer: WholeAnswer): Asked | Promise<Asked> {
    const { maxBodyBytes } = this.#settings;
    return answered(answer, answer.text.slice(answer.bodyAt), { wanted: this.#wanted, maxBodyBytes });
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

function wantedBy({ headers }: ShadowSettings): readonly string[] {
  return headers.includes('content-type') ? headers : [...headers, 'content-type'];
}

function operationOf({ template }: Pick<Sample, 'template'>): string {
  return `GET ${template}`;
}

/** Whether a status says something about the read itself, and not that something failed or should be asked later. */
export function isAnswer(status: number): boolean {
  return status >= 200 && status < 500 && !ABOUT_THE_MOMENT.has(status);
}

const ABOUT_THE_MOMENT = new Set([304, 408, 421, 425, 429]);
