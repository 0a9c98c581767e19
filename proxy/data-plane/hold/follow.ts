import type { RunningWrites } from './running-writes.ts';
import type { Standings, StandingsFeed } from '../standing.ts';

/**
 * Keeps the newest picture and tells the feed that this proxy follows it, once that is true: new requests are
 * decided on it from the moment it is known, so what remains is to wait for the running writes that it forbids.
 * A picture that is overtaken while it waits is not acknowledged on its own: the newer position says more.
 */
export class Follower {
  readonly #feed: StandingsFeed;
  readonly #running: RunningWrites;
  #newest: Standings;
  #acknowledged = -1;

  constructor(feed: StandingsFeed, running: RunningWrites) {
    this.#feed = feed;
    this.#running = running;
    this.#newest = feed.current();
    running.onEnd(() => this.#settle());
    this.#settle();
  }

  /** What requests are decided on. Never goes back, whatever the feed says. */
  newest(): Standings {
    const current = this.#feed.current();
    return current.seq > this.#newest.seq ? current : this.#newest;
  }

  /** Takes a newer picture; an older one that arrives late changes nothing. */
  follow(standings: Standings): void {
    if (standings.seq < this.#newest.seq) return;
    this.#newest = standings;
    this.#settle();
  }

  /** The last acknowledged position; -1 before the first. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  #settle(): void {
    if (this.#newest.seq <= this.#acknowledged || !this.#running.allFollow(this.#newest)) return;
    this.#acknowledged = this.#newest.seq;
    this.#feed.acknowledge(this.#newest.seq);
  }
}
