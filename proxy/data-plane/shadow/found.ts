import { ExactNumber } from './json.ts';
import type { Secrets } from './mask.ts';

/** A place where two answers differ, with both values in words, secrets masked. */
export interface Difference {
  /** JSONPath with `[*]` for every index, or `status`, `body`, `header <name>`. */
  field: string;
  /** The same with its indexes. */
  place: string;
  monolith: string;
  service: string;
}

export type Step = string | number;

/** Fields beyond these are not told apart any more. */
const MOST_FIELDS = 200;
const MOST_PLACES_OF_FIELD = 100;
const LONGEST_VALUE = 120;

/** Collects differences, bounded: a field or an answer that differs in too many places differs as a whole. */
export class Found {
  readonly differences: Difference[] = [];
  readonly #secrets: Secrets;
  readonly #placesOf = new Map<string, number>();
  isFull = false;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  add(steps: readonly Step[], monolith: unknown, service: unknown): void {
    const field = fieldOf(steps);
    const places = (this.#placesOf.get(field) ?? 0) + 1;
    this.#placesOf.set(field, places);
    if (this.#placesOf.size > MOST_FIELDS) {
      this.isFull = true;
      this.#keep('$', '$', `more than ${MOST_FIELDS} fields differ`, 'see the other examples');
    } else if (places <= MOST_PLACES_OF_FIELD) {
      const isHidden = steps.some((step) => typeof step === 'string' && this.#secrets.hides(step));
      this.#keep(field, placeOf(steps), this.#inWords(monolith, isHidden), this.#inWords(service, isHidden));
    } else if (places === MOST_PLACES_OF_FIELD + 1) {
      this.#keep(field, field, `more than ${MOST_PLACES_OF_FIELD} of these differ`, 'see the other examples');
    }
  }

  #keep(field: string, place: string, monolith: string, service: string): void {
    this.differences.push({ field, place, monolith, service });
  }

  #inWords(value: unknown, isHidden: boolean): string {
    if (value === undefined) return 'nothing';
    if (isHidden && value !== null) return '***';
    return cut(this.#secrets.text(textOf(value)));
  }
}

/** Shortens what somebody else wrote to what is kept of it. */
export function cut(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

function textOf(value: unknown): string {
  if (value instanceof ExactNumber) return value.source;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    return `an object with ${Object.keys(value).length} fields`;
  }
  return JSON.stringify(value);
}

function fieldOf(steps: readonly Step[]): string {
  return placeOf(
    steps.map((step) => (typeof step === 'number' ? '*' : step)),
    steps,
  );
}

/** A JSONPath that can be pasted into a rule. */
function placeOf(steps: readonly Step[], kinds: readonly Step[] = steps): string {
  const parts = steps.map((step, index) => {
    if (typeof kinds[index] === 'number') return `[${step}]`;
    const name = String(step);
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `.${name}` : `['${quoted(name)}']`;
  });
  return cutPath(`$${parts.join('')}`);
}

function quoted(name: string): string {
  return JSON.stringify(name).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'");
}

/** A path that is cut stands for everything below it. */
function cutPath(path: string): string {
  return path.length > 300 ? '$' : path;
}
