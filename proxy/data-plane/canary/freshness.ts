/**
 * The sync's pace: a counter in the control store that the sync moves on, never twice within this time. It stands in
 * for a clock: nobody's wall clock has to be right for it, only nobody's time may run a tenth faster than another's.
 */
export const SHORTEST_TICK_MS = 45;

/** What one look at the sync's pace told. */
export interface Look {
  /** Name of the counter. A store that lost it starts another one, and ticks of two counters say nothing together. */
  generation: string;
  tick: number;
  /** By migration: everything that its owner had committed when this tick was reached is applied. */
  applied: ReadonlyMap<string, number>;
  /** When the store was asked, by `performance.now()`: the tick is not older than that. */
  askedAt: number;
}

/** A write of a client that carries nothing, as the proxies tell it each other. */
export interface WriteNews {
  migration: string;
  /** Its name among the writes of all proxies. */
  id: string;
  keys: readonly string[];
  /** Null when the write begins; then the tick that has to be applied, in the text form of a watermark. */
  mark: string | null;
}

/** Where the data plane learns how far the service's data are; `scripts/up` wires it. */
export interface Freshness {
  /** The newest look; null before the first. */
  latest(): Look | null;
  /** A client waits for the service's data: for the next second, look often. */
  lookOften(): void;
  /** Calls back after each look; returns the way to stop. */
  onLook(looked: () => void): () => void;
  /** Tells the other proxies. */
  tell(news: WriteNews): void;
  /** False while news of other proxies may be lost. */
  isHearing(): boolean;
  /** Calls back with what other proxies tell, and with null when something may have been lost until now. */
  onNews(heard: (news: WriteNews | null) => void): () => void;
}

/** For those to whom it makes no difference: it never says anything. */
export const UNASKED: Freshness = {
  latest: () => null,
  lookOften: () => undefined,
  onLook: () => () => undefined,
  tell: () => undefined,
  isHearing: () => true,
  onNews: () => () => undefined,
};
