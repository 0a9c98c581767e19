import type { Effect, Write } from '../ledger.ts';
import type { Random } from '../random.ts';
import type { SideName, Sql } from '../sides.ts';

/** What a checker found. */
export interface Fault {
  kind: 'lost' | 'doubled' | 'reordered' | 'resurrected' | 'difference' | 'not allowed';
  side: SideName | 'both';
  workload: string;
  key: string;
  what: string;
}

/** A table on either side, and how the mapping leads from one to the other. */
export interface Pair {
  from: string;
  to: string;
  key: Record<string, string>;
  columns: Record<string, string | Record<string, unknown>>;
}

/** Tables, writes over them, and what must be true of them at the end. */
export interface Workload {
  readonly name: string;
  /** How often it is chosen, in relation to the others. */
  readonly share: number;
  readonly schema: Readonly<Record<SideName, string>>;
  readonly pairs: readonly Pair[];
  /** Tables of each side, children first: the order in which they can be emptied. */
  readonly tables: Readonly<Record<SideName, readonly string[]>>;
  /** Fills the monolith before anything else happens; returns the registers that are there then. */
  fill(sql: Sql): Promise<Effect[]>;
  /** @param nth how many writes its writer made before */
  next(random: Random, op: string, nth: number): Write;
  effects(write: Write): Effect[];
  /**
   * Carries the write out, in the transaction of the caller.
   * @throws NotDoneError when there is nothing to do
   */
  perform(sql: Sql, side: SideName, write: Write): Promise<void>;
  /** What a side holds: each register with the op that was its last, and rules that its rows break. */
  look(sql: Sql, side: SideName): Promise<Look>;
}

export interface Look {
  registers: Map<string, string>;
  faults: Omit<Fault, 'side' | 'workload'>[];
  /** Lists, for the workload that appends. */
  lists?: Map<string, string[]>;
  /** Values that only this side knows, and that nothing may ever change. */
  own?: Map<string, string>;
}

/** The two sides' names for the same thing. */
export type Named = Readonly<Record<SideName, Readonly<Record<string, string>>>>;

/** Replaces `{name}` by what a side calls it. */
export function inWordsOf(names: Named, side: SideName): (text: string) => string {
  const words = names[side];
  return (text) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => {
      const word = words[name];
      if (word === undefined) throw new Error(`the ${side} has no word for "${name}"`);
      return word;
    });
}

/** `count` numbers from `first` on. */
export const numbers = (count: number, first = 1): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

export const argOf = (write: Write, i: number): number => write.args[i] ?? 0;

/** `(?, ?), (?, ?)` and the values for it. */
export function valuesOf(rows: readonly (readonly unknown[])[]): { marks: string; values: unknown[] } {
  return { marks: rows.map((row) => `(${row.map(() => '?').join(', ')})`).join(', '), values: rows.flat() };
}
