/**
 * What the data plane needs to know of the migrations, at one position of the journal. Declared here, by its
 * consumer; `scripts/up` feeds it from the journal. Immutable and replaced whole.
 */
export interface Standings {
  /** Journal position that this picture was folded from. */
  seq: number;
  byMigration: ReadonlyMap<string, Standing>;
}

export interface Standing {
  migration: string;
  stage: 'legacy' | 'dual-write' | 'shadow' | 'canary' | 'extracted' | 'retired';
  owner: 'monolith' | 'service';
  epoch: number;
  /** Journal position that brought the present stage and weight. */
  stageSeq: number;
  /** Share of reads that go to the service in stage `canary`, in percent with one decimal. */
  weight: number;
  /** Writes wait: a change of owner is under way. */
  holdWrites: boolean;
  /** The database of a side that is not the owner refuses writes. */
  isFenced: boolean;
  /** When stage `shadow` was last entered, as ISO time: comparing begins anew with each time. */
  shadowSince: string | null;
  /** JSONPaths of what is not compared, besides those of the configuration. */
  ignored: readonly string[];
}

/** Where standings come from, and where a proxy says that it follows them. */
export interface StandingsFeed {
  current(): Standings;
  /** Called with each newer picture; returns the way to stop. */
  subscribe(changed: (standings: Standings) => void): () => void;
  /** False once the lease ran out: a move may have passed that this proxy has not heard of. */
  leaseIsLive(): boolean;
  /** Promises that everything this proxy does from now on follows `seq`, and nothing older is running. */
  acknowledge(seq: number): void;
}
