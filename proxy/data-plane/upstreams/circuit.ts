import { RecentCounts } from './recent.ts';
import type { CircuitSettings } from './schema.ts';

export type CircuitState = 'closed' | 'open' | 'half-open';

/**
 * Keeps requests away from a side most of whose requests fail, so that neither waits for the other. Closed, it
 * counts; open, it lets nobody through for a while; half-open, it lets a few through to see how they fare.
 */
export class Circuit {
  readonly #now: () => number;
  #settings: CircuitSettings;
  #recent: RecentCounts;
  #state: CircuitState = 'closed';
  #since: number;
  #openMs = 0;
  /** When the next probes may go. */
  #probesAt = 0;
  #probesLeft = 0;
  #probesPassed = 0;
  #era = 0;

  constructor(settings: CircuitSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
    this.#since = now();
    this.#recent = new RecentCounts(settings.windowMs, now);
  }

  configure(settings: CircuitSettings): void {
    if (settings.windowMs !== this.#settings.windowMs)
      this.#recent = new RecentCounts(settings.windowMs, this.#now);
    this.#settings = settings;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** When it came into this state. */
  get since(): number {
    return this.#since;
  }

  /** What began in an earlier state says nothing about this one: verdicts carry the era in which they began. */
  get era(): number {
    return this.#era;
  }

  /** 0 when a request may go, and it is then one of the probes of a half-open circuit; else how long to wait. */
  waitMs(): number {
    if (this.#state === 'closed') return 0;
    const left = this.#probesAt - this.#now();
    // A probe may take for ever, an event stream for instance: after a while there are new ones.
    if (left <= 0) this.#allowProbes();
    if (this.#probesLeft === 0) return left;
    this.#probesLeft -= 1;
    return 0;
  }

  answered(era: number): void {
    if (era !== this.#era) return;
    if (this.#state === 'closed') return this.#recent.count();
    this.#probesPassed += 1;
    if (this.#probesPassed >= this.#settings.probes) this.#close();
  }

  /** True when this was the one that opens it. */
  failed(era: number): boolean {
    if (era !== this.#era) return false;
    this.#recent.count();
    this.#recent.mark();
    if (this.#state === 'closed' && !this.#isTooMuch()) return false;
    this.#open();
    return true;
  }

  /** Something else says that the side is back: the next requests are probes already. */
  tryAgain(): void {
    if (this.#state === 'open') this.#allowProbes();
  }

  #isTooMuch(): boolean {
    const { minimumRequests, errorPercent } = this.#settings;
    const { all, marked } = this.#recent;
    return all >= minimumRequests && marked * 100 >= all * errorPercent;
  }

  #open(): void {
    const { openMs, maxOpenMs } = this.#settings;
    this.#openMs = this.#openMs === 0 ? openMs : Math.min(this.#openMs * 2, maxOpenMs);
    this.#probesAt = this.#now() + this.#openMs;
    this.#probesLeft = 0;
    this.#become('open');
  }

  #allowProbes(): void {
    if (this.#state === 'open') {
      this.#probesPassed = 0;
      this.#become('half-open');
    }
    this.#probesLeft = this.#settings.probes;
    this.#probesAt = this.#now() + this.#openMs;
  }

  #close(): void {
    this.#openMs = 0;
    this.#recent.clear();
    this.#become('closed');
  }

  #become(state: CircuitState): void {
    this.#state = state;
    this.#since = this.#now();
    this.#era += 1;
  }
}
