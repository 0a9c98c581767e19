import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RetryBudget } from './retry-budget.ts';

const SETTINGS = { enabled: true, maxRetries: 2, budgetPercent: 20, budgetMinimum: 3 };

const spent = (budget: RetryBudget, wanted: number): number => {
  let count = 0;
  for (let at = 0; at < wanted; at += 1) if (budget.spend(SETTINGS)) count += 1;
  return count;
};

describe('the budget of retries', () => {
  it('allows a few however quiet it is, and a share of the requests when it is not', () => {
    const budget = new RetryBudget(() => 0);
    expect(spent(budget, 100)).toBe(3);
    for (let at = 0; at < 100; at += 1) budget.countRequest();
    expect(spent(budget, 100)).toBe(17);
  });

  it('is full again after ten seconds', () => {
    let now = 0;
    const budget = new RetryBudget(() => now);
    expect(spent(budget, 5)).toBe(3);
    now = 9999;
    expect(spent(budget, 5)).toBe(0);
    now = 10_000;
    expect(spent(budget, 5)).toBe(3);
  });

  it('never lets an outage be multiplied: in any ten seconds at most its share, or the few', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ afterMs: fc.nat(3000), requests: fc.nat(50) }), { maxLength: 40 }),
        (bursts) => {
          let now = 0;
          const budget = new RetryBudget(() => now);
          const [sent, again]: [number[], number[]] = [[], []];
          const within = (times: number[], ms: number) => times.filter((each) => each > now - ms).length;
          for (const { afterMs, requests } of bursts) {
            now += afterMs;
            for (let at = 0; at < requests; at += 1) {
              budget.countRequest();
              sent.push(now);
              // Everything fails and wants to be sent again.
              if (!budget.spend(SETTINGS)) continue;
              again.push(now);
              // The oldest slice of the window may be cut short.
              expect(within(again, 9000)).toBeLessThanOrEqual(Math.max(3, 0.2 * within(sent, 10_000) + 1));
            }
          }
        },
      ),
    );
  });
});
