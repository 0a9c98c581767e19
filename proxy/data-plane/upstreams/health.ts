import type { EjectionSettings, HealthCheckSettings } from './schema.ts';

/**
 * What is known of an address. `unhealthy` is what health checks say, or requests that nobody else could have
 * taken; `ejected` is what requests say, and ends by itself.
 */
export type HealthState = 'unknown' | 'healthy' | 'unhealthy' | 'ejected';

/** Follows how one address fares, by what requests and health checks tell. Pure but for its clock. */
export class AddressHealth {
  readonly #now: () => number;
  readonly #changed: (before: HealthState) => void;
  #state: HealthState = 'unknown';
  #since: number;
  #lastError: string | null = null;
  #isSaidByChecks = false;
  #failuresInRow = 0;
  #passedInRow = 0;
  #missedInRow = 0;
  /** It came back from an ejection and has not answered since: the next failure is one too many. */
  #isOnProbation = false;
  #ejectedForMs = 0;
  #ejectedUntil = 0;

  /** @param changed told of each change, with the state before */
  constructor(now: () => number, changed: (before: HealthState) => void) {
    this.#now = now;
    this.#changed = changed;
    this.#since = now();
  }

  get state(): HealthState {
    return this.#state;
  }

  get since(): number {
    return this.#since;
  }

  get lastError(): string | null {
    return this.#lastError;
  }

  /** Requests may go here. Where requests alone say that it is unhealthy, only requests can say otherwise. */
  get isUsable(): boolean {
    return this.#state !== 'ejected' && !(this.#state === 'unhealthy' && this.#isSaidByChecks);
  }

  /** When an ejection ends; Infinity when there is none. */
  get ejectedUntil(): number {
    return this.#state === 'ejected' ? this.#ejectedUntil : Infinity;
  }

  /**
   * A request was answered.
   *
   * @param asLastResort it was sent although its address may have been out, because nobody did better
   */
  answered(asLastResort = false): void {
    this.#failuresInRow = 0;
    if (this.#state === 'ejected') {
      if (asLastResort) this.#readmit();
      return;
    }
    this.#isOnProbation = false;
    if (this.#state === 'unknown' || (this.#state === 'unhealthy' && !this.#isSaidByChecks))
      this.#become('healthy');
  }

  /** A request was not answered, or by a gateway's error. */
  failed(why: string, settings: EjectionSettings, mayEject: () => boolean): void {
    this.#lastError = why;
    this.#failuresInRow += 1;
    if (!this.isUsable) return;
    if (this.#failuresInRow < settings.consecutiveFailures && !this.#isOnProbation) return;
    if (mayEject()) return this.#eject(settings);
    this.#isSaidByChecks = false;
    this.#become('unhealthy');
  }

  /** A health check passed. */
  passed({ healthyAfter }: HealthCheckSettings): void {
    this.#missedInRow = 0;
    this.#passedInRow += 1;
    // Requests failed although its checks may have passed all the time: that takes its time to be forgotten.
    if (this.#state === 'healthy' || this.#state === 'ejected') return;
    if (this.#state === 'unhealthy' && this.#passedInRow < healthyAfter) return;
    this.#failuresInRow = 0;
    this.#become('healthy');
  }

  /** A health check did not pass. */
  missed(why: string, { unhealthyAfter }: HealthCheckSettings): void {
    this.#lastError = why;
    this.#passedInRow = 0;
    this.#missedInRow += 1;
    if (this.#state !== 'unknown' && this.#missedInRow < unhealthyAfter) return;
    this.#isSaidByChecks = true;
    this.#become('unhealthy');
  }

  /** Nobody checks it any more: only requests can tell, and they must be let through for that. */
  forgetChecks(): void {
    this.#passedInRow = 0;
    this.#missedInRow = 0;
    if (this.#state === 'unhealthy' && this.#isSaidByChecks) this.#become('unknown');
  }

  /** Ends an ejection whose time is over. */
  readmitIfDue(): void {
    if (this.#state === 'ejected' && this.#now() >= this.#ejectedUntil) this.#readmit();
  }

  #readmit(): void {
    this.#isOnProbation = true;
    this.#ejectedUntil = this.#now();
    this.#become('unknown');
  }

  #eject({ baseMs, maxMs }: EjectionSettings): void {
    // Who did well for longer than it was out begins anew; who comes back only to fail stays out for longer.
    const didWell = this.#ejectedForMs === 0 || this.#now() - this.#ejectedUntil > this.#ejectedForMs;
    this.#ejectedForMs = didWell ? baseMs : Math.min(this.#ejectedForMs * 2, maxMs);
    this.#ejectedUntil = this.#now() + this.#ejectedForMs;
    this.#isOnProbation = false;
    this.#become('ejected');
  }

  #become(state: HealthState): void {
    if (state === this.#state) return;
    const before = this.#state;
    this.#state = state;
    this.#since = this.#now();
    this.#changed(before);
  }
}
