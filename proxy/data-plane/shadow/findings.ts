import type { Difference } from './found.ts';
import type { Judgement } from './judge.ts';
import type { Secrets } from './mask.ts';
import { Noise, type NoiseField } from './noise.ts';

/** How the samples ended. */
export interface ShadowCounts {
  compared: number;
  agreed: number;
  differed: number;
  /** Not compared, because too many comparisons were waiting. */
  dropped: number;
  /** Not compared, because a body was above the limit. */
  tooBig: number;
  /** Compared in vain: the monolith gave no answer that counts, or never the same one twice. */
  noVerdict: number;
}

/** One difference as it was seen: both sides beside each other, secrets masked. */
export interface ShadowExample {
  /** ISO time. */
  at: string;
  target: string;
  /** JSONPath with its indexes, or `status`, `body`, `header <name>`. */
  place: string;
  monolith: string;
  service: string;
}

/** What was found in one field of an operation. */
export interface FieldFindings {
  /** The place with `[*]` for every index. */
  field: string;
  /** Compared answers that differ here. */
  count: number;
  /** ISO times. */
  first: string;
  last: string;
  examples: ShadowExample[];
}

/** What was found in one operation, with examples. */
export interface OperationFindings {
  fields: FieldFindings[];
  /** How often something differed in fields beyond those that are kept. */
  unlisted: number;
  noise: NoiseField[];
}

const MOST_FIELDS = 20;
const MOST_EXAMPLES = 2;
const FIRST_EXAMPLES = 10;

/** Everything that was found about one migration, bounded, by operation. */
export class Findings {
  readonly #operations = new Map<string, Operation>();
  /** The first differences, in words. */
  readonly examples: string[] = [];

  /** The noise of an operation; findings and noise are forgotten together. */
  noiseOf(operation: string): Noise {
    return this.#of(operation).noise;
  }

  drop(operation: string): void {
    this.#of(operation).counts.dropped += 1;
  }

  /** Counts how a sample ended; its target is masked already. */
  record(operation: string, target: string, judgement: Judgement, secrets: Secrets): void {
    const { counts } = this.#of(operation);
    if (judgement.kind === 'agreed' || judgement.kind === 'differed') counts.compared += 1;
    counts[judgement.kind] += 1;
    if (judgement.kind !== 'differed') return;
    const differences = judgement.differences.map((each) => ({
      ...each,
      field: secrets.text(each.field),
      place: secrets.text(each.place),
    }));
    this.#of(operation).keep(differences, target);
    if (this.examples.length < FIRST_EXAMPLES) this.examples.push(inWords(target, differences));
  }

  counts(): Record<string, ShadowCounts> {
    return Object.fromEntries([...this.#operations].map(([name, { counts }]) => [name, { ...counts }]));
  }

  totals(): ShadowCounts {
    const totals = noCounts();
    for (const { counts } of this.#operations.values()) {
      for (const name of Object.keys(totals) as (keyof ShadowCounts)[]) totals[name] += counts[name];
    }
    return totals;
  }

  details(secrets: Secrets): Record<string, OperationFindings> {
    return Object.fromEntries(
      [...this.#operations].map(([name, operation]) => [name, operation.details(secrets)]),
    );
  }

  #of(name: string): Operation {
    let operation = this.#operations.get(name);
    if (!operation) this.#operations.set(name, (operation = new Operation()));
    return operation;
  }
}

class Operation {
  readonly counts = noCounts();
  readonly noise = new Noise();
  readonly #fields = new Map<string, FieldFindings>();
  #unlisted = 0;

  keep(differences: readonly Difference[], target: string): void {
    const at = new Date().toISOString();
    const counted = new Set<string>();
    for (const { field, place, monolith, service } of differences) {
      const found = this.#fieldOf(field, at);
      if (!found) continue;
      if (!counted.has(field)) found.count += 1;
      if (!counted.has(field) && found.examples.length < MOST_EXAMPLES)
        found.examples.push({ at, target, place, monolith, service });
      counted.add(field);
      found.last = at;
    }
  }

  details(secrets: Secrets): OperationFindings {
    return {
      fields: [...this.#fields.values()].map((found) => ({ ...found, examples: [...found.examples] })),
      unlisted: this.#unlisted,
      noise: this.noise
        .fields()
        .slice(0, MOST_FIELDS)
        .map(({ field, excused }) => ({ field: secrets.text(field), excused })),
    };
  }

  #fieldOf(field: string, at: string): FieldFindings | null {
    const known = this.#fields.get(field);
    if (known) return known;
    if (this.#fields.size >= MOST_FIELDS) {
      this.#unlisted += 1;
      return null;
    }
    const found = { field, count: 0, first: at, last: at, examples: [] };
    this.#fields.set(field, found);
    return found;
  }
}

function noCounts(): ShadowCounts {
  return { compared: 0, agreed: 0, differed: 0, dropped: 0, tooBig: 0, noVerdict: 0 };
}

function inWords(target: string, differences: readonly Difference[]): string {
  const words = differences
    .slice(0, 3)
    .map(({ place, monolith, service }) => `${place}: monolith ${monolith}, service ${service}`);
  const more = differences.length > 3 ? `; and ${differences.length - 3} more` : '';
  return `GET ${target} ${words.join('; ')}${more}`;
}
