import type { Actor } from './lifecycle.ts';

/** What a person can order of the comparison of answers. Part of the `Lifecycle`; rejects as it does. */
export interface Ignoring {
  /**
   * Takes a part of the answers out of the comparison of every proxy, or puts it back; the count begins anew. Saying it
   * twice changes nothing more.
   */
  ignoreField(migration: string, order: IgnoreOrder, actor: Actor): Promise<IgnoreOutcome>;
}

export interface IgnoreOrder {
  /** JSONPath. */
  path: string;
  /** False compares it again. */
  ignored: boolean;
}

export interface IgnoreOutcome extends IgnoreOrder {
  migration: string;
  /** Whether it was otherwise before. */
  changed: boolean;
  /** strangler.yaml ignores it too: then it is not compared, whatever was ordered. */
  alsoInFile: boolean;
}

/** A part of the answers that is not compared. */
export interface IgnoredPath {
  path: string;
  reason: string;
  /** Who says so: strangler.yaml, or an order in the journal. */
  from: 'file' | 'journal';
  /** Who ordered it and when, as ISO time; null for what is in the file. */
  by: string | null;
  at: string | null;
}
