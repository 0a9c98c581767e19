import type { Side } from '../exchange.ts';
import type { Answer } from './compare.ts';
import { cut } from './found.ts';
import type { Secrets } from './mask.ts';

/** Something in an answer that its contract does not say, or says otherwise; never with a value. */
export interface Violation {
  field: string;
  problem: string;
}

/** Holds answers to the contract of the side that gave them. Declared here, by its consumer. */
export interface ContractCheck {
  /**
   * Null when there is no contract, or when it was not looked at because too much waits. Never rejects.
   *
   * @param path of the request, without its query
   */
  check(side: Side, service: string, path: string, answer: Answer): Promise<Violation[] | null> | null;
}

/** One thing that answers of one side did against their contract. */
export interface RecordedViolation extends Violation {
  side: Side;
  /** Method and path of the route. */
  operation: string;
  count: number;
  /** ISO times. */
  first: string;
  last: string;
  /** Path and query of the first, secrets masked. */
  example: string;
}

/** What was found in the recorded answers of one migration. */
export interface RecordedFindings {
  /** Answers that were held to their contract. */
  checked: number;
  /** Those that were not, because too many waited or the document is of no use. */
  unchecked: number;
  violations: RecordedViolation[];
  /** How often there was something beyond those that are kept. */
  unlisted: number;
}

const MOST_VIOLATIONS = 100;

/** Collects what recorded answers do against their contract, bounded. */
export class Recorded {
  readonly #violations = new Map<string, RecordedViolation>();
  #checked = 0;
  #unchecked = 0;
  #unlisted = 0;

  /** @param target masked already */
  record(
    side: Side,
    operation: string,
    target: string,
    violations: Violation[] | null,
    secrets: Secrets,
  ): void {
    if (violations === null) this.#unchecked += 1;
    else this.#checked += 1;
    const at = new Date().toISOString();
    for (const { field, problem } of violations ?? []) {
      const key = `${side} ${operation} ${field} ${problem}`;
      let known = this.#violations.get(key);
      if (!known) {
        if (this.#violations.size >= MOST_VIOLATIONS) {
          this.#unlisted += 1;
          continue;
        }
        const words = { field: cut(secrets.text(field)), problem: cut(secrets.text(problem)) };
        known = { side, operation, ...words, count: 0, first: at, last: at, example: target };
        this.#violations.set(key, known);
      }
      known.count += 1;
      known.last = at;
    }
  }

  findings(): RecordedFindings {
    return {
      checked: this.#checked,
      unchecked: this.#unchecked,
      violations: [...this.#violations.values()].map((violation) => ({ ...violation })),
      unlisted: this.#unlisted,
    };
  }
}
