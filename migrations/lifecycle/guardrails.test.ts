import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { guardrailsSchema, rampSchema } from './guardrails-schema.ts';
import type { ArmEvidence, GuardrailThresholds, TrafficEvidence } from './guardrails.ts';
import { judgeGuardrails } from './guardrails.ts';
import { isCertainlyAbove, isCertainlyAboveBase } from './proportion.ts';

const THRESHOLDS: GuardrailThresholds = {
  windowMs: 60_000,
  minRequests: 100,
  errorPercent: 1,
  p99: { factor: 2, atLeastMs: 100 },
  mismatchPercent: 1,
  lagSeconds: 10,
};

/** Reads of which some fail, and some are slow; the others take 10 ms. */
const arm = (
  requests: number,
  failed = 0,
  slow: { count: number; ms: number } = { count: 0, ms: 0 },
): ArmEvidence => ({
  requests,
  failed,
  timed: requests,
  p99Ms: requests === 0 ? null : slow.count > requests / 100 ? slow.ms : 10,
  slowerThan: (ms) => (ms < 10 ? requests : ms < slow.ms ? slow.count : 0),
});

const seen = (part: Partial<TrafficEvidence>): TrafficEvidence => ({
  windowMs: 60_000,
  service: arm(1000),
  monolith: arm(1000),
  shadow: { compared: 1000, differed: 0 },
  lag: { seconds: 0.1 },
  ...part,
});

const verdictOn = (guardrail: string, evidence: Partial<TrafficEvidence>, thresholds = THRESHOLDS) =>
  judgeGuardrails(seen(evidence), thresholds).find((one) => one.guardrail === guardrail);

describe('guardrails', () => {
  it('hold for a service that does as well as the monolith', () => {
    const results = judgeGuardrails(seen({}), THRESHOLDS);
    expect(results.map(({ guardrail, verdict }) => [guardrail, verdict])).toEqual([
      ['error rate', 'ok'],
      ['p99', 'ok'],
      ['mismatch', 'ok'],
      ['lag', 'ok'],
    ]);
  });

  it('break with value, threshold and window in words', () => {
    expect(
      verdictOn('error rate', { service: arm(200, 30), monolith: arm(1000, 5), windowMs: 42_000 }),
    ).toEqual({
      guardrail: 'error rate',
      verdict: 'broken',
      value: '15 % of 200 reads of the service',
      threshold: "at most 1 points above the monolith's 0.5 %",
      window: '42 s',
      lacks: null,
    });
    expect(verdictOn('p99', { service: arm(500, 0, { count: 60, ms: 900 }) })).toMatchObject({
      verdict: 'broken',
      value: '900 ms of 500 reads',
      threshold: "at most 110 ms, the monolith's being 10 ms",
    });
    expect(verdictOn('mismatch', { shadow: { compared: 50, differed: 20 } })).toMatchObject({
      verdict: 'broken',
      value: '40 % of 50 compared answers',
    });
    expect(verdictOn('lag', { lag: { seconds: 12.34 } })).toMatchObject({
      verdict: 'broken',
      value: '12.3 s',
      threshold: 'at most 10 s',
    });
  });

  it('do not trip over a single error among few reads, nor over four', () => {
    for (const errors of [1, 2, 3, 4]) {
      const service = arm(errors + 2, errors);
      expect(verdictOn('error rate', { service })?.verdict).toBe('no data');
    }
  });

  it('do not wait for enough reads when all of them fail', () => {
    expect(verdictOn('error rate', { service: arm(6, 6) })?.verdict).toBe('broken');
  });

  it('do not blame the service for what fails at the monolith as well', () => {
    expect(verdictOn('error rate', { service: arm(1000, 200), monolith: arm(1000, 200) })?.verdict).toBe(
      'ok',
    );
    expect(verdictOn('error rate', { service: arm(1000, 200), monolith: null })?.verdict).toBe('broken');
  });

  it('let a few milliseconds more pass, however often they double a short time', () => {
    expect(verdictOn('p99', { service: arm(1000, 0, { count: 1000, ms: 60 }) })?.verdict).toBe('ok');
  });

  it('compare a p99 only where the other arm has one', () => {
    expect(
      verdictOn('p99', { monolith: arm(12), service: arm(1000, 0, { count: 900, ms: 5000 }) }),
    ).toMatchObject({
      verdict: 'no data',
      value: '5000 ms, and 12 of 100 reads of the monolith to compare with',
    });
    expect(verdictOn('p99', { monolith: null })).toBeUndefined();
  });

  it('say "no data" for each of them when there is none, and what is lacking', () => {
    const nothing = seen({
      service: arm(0),
      monolith: arm(0),
      shadow: { compared: 0, differed: 0 },
      lag: { seconds: null },
    });
    expect(judgeGuardrails(nothing, THRESHOLDS).map(({ verdict, lacks }) => [verdict, lacks])).toEqual([
      ['no data', 'reads of the service'],
      ['no data', 'reads of the monolith'],
      ['no data', 'compared answers'],
      ['no data', 'a report of the sync'],
    ]);
  });

  it('can each be switched off, and are off where there is nothing to see', () => {
    const off = {
      ...THRESHOLDS,
      errorPercent: false,
      p99: false,
      mismatchPercent: false,
      lagSeconds: false,
    } as const;
    expect(judgeGuardrails(seen({ service: arm(100, 100) }), off)).toEqual([]);
    expect(judgeGuardrails(seen({ shadow: null, lag: null }), THRESHOLDS)).toHaveLength(2);
  });
});

describe('certainty', () => {
  it('needs more than what chance brings: an equal service is falsely taken back in less than 1 of 200 looks', () => {
    // A fixed sequence of pseudo-random numbers, so that the count is the same each time.
    let state = 1;
    const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
    const draw = (of: number, share: number): number => {
      let hits = 0;
      for (let i = 0; i < of; i += 1) if (random() < share) hits += 1;
      return hits;
    };
    let alarms = 0;
    for (let look = 0; look < 2000; look += 1) {
      const [service, monolith] = [draw(300, 0.02), draw(300, 0.02)];
      if (isCertainlyAboveBase({ hits: service, of: 300 }, { hits: monolith, of: 300 }, 0)) alarms += 1;
      if (isCertainlyAbove({ hits: draw(300, 0.01), of: 300 }, 0.01)) alarms += 1;
    }
    expect(alarms).toBeLessThan(20);
  });

  it('comes with more of the same share, and never from a share at or below the limit', () => {
    const share = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(share, share, fc.integer({ min: 1, max: 1000 }), (hits, limit, times) => {
        const is = isCertainlyAbove({ hits: hits * times, of: 100 * times }, limit / 100);
        if (hits <= limit) expect(is).toBe(false);
        if (is) expect(isCertainlyAbove({ hits: hits * times * 2, of: 200 * times }, limit / 100)).toBe(true);
      }),
    );
  });
});

describe('the configuration of', () => {
  it('a ramp is read from words', () => {
    expect(rampSchema.parse(['1%', '5% for 10m', '12.5 % for 30s', '100%'])).toEqual([
      { weight: 1, forMs: 300_000 },
      { weight: 5, forMs: 600_000 },
      { weight: 12.5, forMs: 30_000 },
      { weight: 100, forMs: 300_000 },
    ]);
  });

  it.each([
    [[], /small/i],
    [['5'], /is not a step like `5%`/],
    [['5% for ten minutes'], /is not a step/],
    [['0%'], /is not above 0 %/],
    [['5%', '101%'], /at most 100 %/],
    [['5%', '5%'], /is not above the step before it, 5 %/],
    [['1.25%'], /is not a step/],
  ])('a ramp cannot be %j', (steps, words) => {
    expect(rampSchema.safeParse(steps).error?.issues[0]?.message).toMatch(words);
  });

  it('guardrails has a sound default for everything, and each can be switched off', () => {
    expect(guardrailsSchema.parse({})).toEqual({
      window: 300_000,
      minRequests: 100,
      errorPercent: 1,
      p99: { factor: 2, atLeastMs: 100 },
      mismatchPercent: 1,
      lagSeconds: 10,
    });
    expect(guardrailsSchema.parse({ window: '1m', p99: false, lagSeconds: false })).toMatchObject({
      window: 60_000,
      p99: false,
      lagSeconds: false,
    });
    expect(guardrailsSchema.safeParse({ window: '1s' }).error?.issues[0]?.message).toMatch(/5s to 10m/);
  });
});
