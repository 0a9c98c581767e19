import { RecentCounts } from './recent.ts';
import type { RetrySettings } from './schema.ts';

const WINDOW_MS = 10_000;

/** Bounds retries by the requests there were: in an outage they must not multiply the load. */
export class RetryBudget {
  readonly #recent: RecentCounts;

  constructor(now: () => number) {
    this.#recent = new RecentCounts(WINDOW_MS, now);
  }

  countRequest(): void {
    this.#recent.count();
  }

  /** True when one more request may be sent again; it is then counted. */
  spend({ budgetPercent, budgetMinimum }: RetrySettings): boolean {
    const { all, marked } = this.#recent;
    if (marked >= Math.max(budgetMinimum, (all * budgetPercent) / 100)) return false;
    this.#recent.mark();
    return true;
  }
}
