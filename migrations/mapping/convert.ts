import type { Kind } from '../databases/kind.ts';

/** A value that the other side cannot hold. The change is parked, not guessed at. */
export class ConversionError extends Error {
  constructor(value: string, why: string) {
    super(`${JSON.stringify(value)} ${why}`);
    this.name = 'ConversionError';
  }
}

/** The kinds of one name; some share their shape with another name. */
export type KindOf<K extends Kind['kind']> = Kind extends infer M
  ? M extends { kind: infer N }
    ? K extends N
      ? M
      : never
    : never
  : never;

/**
 * One way of a conversion.
 *
 * @throws ConversionError for a value without an equivalent
 */
export type Convert = (value: string) => string;

/** Half of a conversion: what becomes of the values of one side. */
export interface Half {
  /** Null: the value goes over as it is. */
  convert: Convert | null;
  /** What the converted values are; the other side's column has to hold them. */
  gives: Kind;
  /** Which values have no equivalent, in words, for those who did not ask for it; null when all have one. */
  partial: string | null;
}

/** Both ways between a column of the monolith and one of the service; each is the inverse of the other. */
export interface Conversion {
  toService: Half;
  toMonolith: Half;
  /** The text that stands for null in the monolith, where its column is `NOT NULL`. */
  zero?: string;
}

export const same = (gives: Kind): Half => ({ convert: null, gives, partial: null });

/** The same conversion, seen from the other side. */
export const turned = ({ toService, toMonolith }: Conversion): Conversion => ({
  toService: toMonolith,
  toMonolith: toService,
});
