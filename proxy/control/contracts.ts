import type { Side } from './lifecycle.ts';

/** What is known of the contracts of a migration; a part of `Lifecycle`. */
export interface Contracts {
  /** How both documents differ, and what recorded answers do against the document of their own side. */
  contract(migration: string): Promise<ContractReport>;
}

export interface ContractReport {
  migration: string;
  /** Null when there are no two documents. */
  documents: {
    /** At which a client of the monolith can fail; they refuse a cutover. Each in one line. */
    breaking: string[];
    /** Which a careful client does not fail at. */
    warnings: string[];
  } | null;
  recorded: RecordedAnswers;
  /** What refuses a cutover, by the configuration. */
  gate: { differences: 'breaking' | 'any'; recorded: 'warn' | 'refuse' };
}

/** What the answers that shadow reads recorded do against their documents. */
export interface RecordedAnswers {
  checked: number;
  /** Not held to a document, because too many waited or the document is of no use. */
  unchecked: number;
  /** The most frequent first. */
  violations: RecordedViolation[];
  /** How often there was something beyond those that are listed. */
  unlisted: number;
}

/** One thing that answers of one side did against their document. */
export interface RecordedViolation {
  side: Side;
  /** Method and path of the route. */
  operation: string;
  /** JSONPath with `[*]` for every index, or `status`, `body`, `operation`, `header content-type`. */
  field: string;
  problem: string;
  count: number;
  /** ISO times. */
  first: string;
  last: string;
  /** Path and query of the first, secrets masked. */
  example: string;
}
