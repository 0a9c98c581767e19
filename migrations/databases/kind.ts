/**
 * What a column can hold, whatever the database calls it. Each kind has one canonical text: both dialects read values
 * into it and write them from it, so that a value means the same on either side and nothing is rounded on the way.
 *
 * | kind       | canonical text |
 * | ---------- | -------------- |
 * | `integer`  | digits with an optional `-`: `-12` |
 * | `decimal`  | as the database prints it, with its scale: `2.50`; `NaN`, `Infinity`, `-Infinity` |
 * | `float`    | the shortest text that reads back to the same bits: `0.1`, `1e+300`, `-0`, `NaN`, `Infinity` |
 * | `boolean`  | `true`, `false` |
 * | `text`     | the characters themselves |
 * | `bytes`    | `\x` and two lower-case hexadecimal digits for each byte |
 * | `date`     | `2020-02-29`; PostgreSQL's `infinity`, `… BC`; MySQL's `0000-00-00` |
 * | `time`     | `23:59:59.123456`, without trailing zeros in the fraction; MySQL's goes from -838:59:59 to 838:59:59 |
 * | `timetz`   | `23:59:59.5+02` |
 * | `datetime` | `2020-02-29 23:59:59.123456`, no zone, without trailing zeros in the fraction |
 * | `instant`  | the same in UTC with `+00` behind it |
 * | `interval` | as PostgreSQL's style `postgres` prints it: `1 year 2 days 03:04:05` |
 * | `uuid`     | lower case with dashes |
 * | `json`     | the document as the database prints it |
 * | `enum`     | the label |
 * | `set`      | labels with commas, in the order of the declaration |
 * | `bits`     | `0` and `1`, the highest first, as many as the column has |
 * | `year`     | four digits |
 * | `array`    | PostgreSQL's `{1,2}` |
 * | `other`    | the database's own text; only a column of the same type takes it |
 */
export type Kind =
  | { kind: 'integer'; bits: 8 | 16 | 24 | 32 | 64; unsigned: boolean }
  /** Null: as many digits as the database can hold. */
  | { kind: 'decimal'; precision: number | null; scale: number | null }
  | { kind: 'float'; bits: 32 | 64 }
  | { kind: 'boolean' }
  | TextKind
  /** At most so many bytes; null: without a limit. */
  | { kind: 'bytes'; bytes: number | null; fixed: boolean }
  | { kind: 'date' }
  /** Digits behind the second's point. */
  | { kind: 'time' | 'timetz' | 'datetime' | 'instant'; precision: number }
  | { kind: 'interval' | 'uuid' | 'json' | 'year' }
  | { kind: 'enum' | 'set'; labels: readonly string[] }
  | { kind: 'bits'; length: number | null; fixed: boolean }
  | { kind: 'array'; of: Kind }
  /** Local: a value means something in its own database alone (`regclass`), so nothing takes it. */
  | { kind: 'other'; name: string; local?: boolean };

export interface TextKind {
  kind: 'text';
  /** At most so many characters; null: no limit in characters. */
  length: number | null;
  /** At most so many bytes of UTF-8; null: no limit in bytes. */
  bytes: number | null;
  /** Blanks at the end are not kept (`char(n)`). */
  fixed: boolean;
  /** Texts that differ may count as equal: in case, accents, or blanks at the end. */
  loose: boolean;
}

/** Text without any limit. */
export const TEXT: TextKind = { kind: 'text', length: null, bytes: null, fixed: false, loose: false };
