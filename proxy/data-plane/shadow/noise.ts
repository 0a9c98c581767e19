import type { Difference } from './found.ts';

const LEAST_SEEN = 3;
/** So many times more often must a field have varied than stayed, to be noise. */
const MORE_OFTEN = 4;
/** Older observations count half: a field may stop to be noise. */
const REMEMBERED = 40;
/** So often is a sample that noise alone explains looked at to its end, to see whether it still is noise. */
const LOOKED_AGAIN_EVERY = 20;
const MOST_FIELDS = 200;

interface Seen {
  /** Samples at whose end the field differed, and the monolith had not said the same each time. */
  varied: number;
  /** Samples at whose end it differed although the monolith had said the same each time. */
  stayed: number;
  excused: number;
}

/** A field that is not compared in one operation, because the monolith itself says it differently each time. */
export interface NoiseField {
  field: string;
  /** Samples in which a difference here was not counted. */
  excused: number;
}

/** What is known of the noise of one operation, by field. */
export class Noise {
  readonly #seen = new Map<string, Seen>();
  #untilNextLook = LOOKED_AGAIN_EVERY;
  #hasNews = false;

  /** What of the differences is left when noise is taken away. */
  unexplained(differences: readonly Difference[]): Difference[] {
    return differences.filter(({ field }) => !this.#isNoise(field));
  }

  /** Whether it is time to look at a sample to its end although noise alone explains it. */
  isDue(): boolean {
    this.#untilNextLook -= 1;
    if (this.#untilNextLook > 0) return false;
    this.#untilNextLook = LOOKED_AGAIN_EVERY;
    return true;
  }

  /** Counts a sample that noise alone explains. */
  excuse(differences: readonly Difference[]): void {
    for (const [field, seen] of this.#seen) {
      if (isNoise(seen) && differences.some((each) => isAtOrBelow(each.field, field))) seen.excused += 1;
    }
    this.#hasNews = true;
  }

  /** Learns from a sample that was looked at to its end: what still differs there, and what of it never varied. */
  learn(differences: readonly Difference[], steady: readonly Difference[]): void {
    this.#hasNews = true;
    const steadyFields = new Set(steady.map(({ field }) => field));
    for (const field of new Set(differences.map((each) => each.field))) {
      const seen = this.#of(field);
      if (!seen) continue;
      if (steadyFields.has(field)) seen.stayed += 1;
      else seen.varied += 1;
      if (seen.stayed + seen.varied > REMEMBERED) {
        seen.stayed /= 2;
        seen.varied /= 2;
      }
    }
  }

  /** Whether something was learnt or counted since this was asked last. */
  takeNews(): boolean {
    const had = this.#hasNews;
    this.#hasNews = false;
    return had;
  }

  fields(): NoiseField[] {
    return [...this.#seen]
      .filter(([, seen]) => isNoise(seen))
      .map(([field, { excused }]) => ({ field, excused }));
  }

  #isNoise(field: string): boolean {
    for (const [known, seen] of this.#seen) if (isNoise(seen) && isAtOrBelow(field, known)) return true;
    return false;
  }

  #of(field: string): Seen | undefined {
    const known = this.#seen.get(field);
    if (known || this.#seen.size >= MOST_FIELDS) return known;
    const seen = { varied: 0, stayed: 0, excused: 0 };
    this.#seen.set(field, seen);
    return seen;
  }
}

/** What did not vary, in any of the monolith's answers to one sample. */
export function steadyOf(differences: readonly Difference[], varied: readonly Difference[]): Difference[] {
  return differences.filter(
    (each) =>
      // A field that varied in too many places is given as its pattern, not by its places.
      !varied.some(({ place }) => isAtOrBelow(each.place, place) || isAtOrBelow(each.field, place)),
  );
}

/** A difference that covers the whole answer: without it there is nothing that was compared. */
export function isWhole({ field }: Difference): boolean {
  return field === '$' || field === 'body' || field === 'status';
}

function isNoise({ varied, stayed }: Seen): boolean {
  return varied >= LEAST_SEEN && varied >= stayed * MORE_OFTEN;
}

function isAtOrBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[`);
}
