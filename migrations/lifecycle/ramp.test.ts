import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { GuardrailResult } from './guardrails.ts';
import type { RampPosition, Watched } from './ramp.ts';
import { stepRamp } from './ramp.ts';

const result = (verdict: GuardrailResult['verdict']): GuardrailResult => ({
  guardrail: 'mismatch',
  verdict,
  value: 'no compared answers',
  threshold: '',
  window: '',
  lacks: verdict === 'no data' ? 'compared answers' : null,
});

const RAMP: RampPosition = {
  steps: [1, 5, 25, 100].map((weight) => ({ weight, forMs: 60_000 })),
  at: 1,
};
const SINCE = 1_000_000;
const watched = (part: Partial<Watched>): Watched => ({
  sinceMs: SINCE,
  guardrails: [result('ok')],
  reads: { soFar: 100, needed: 100 },
  ...part,
});
const LATER = SINCE + 60_000;

describe('a ramp', () => {
  it('goes to the next step when its time is over, reads are enough and every guardrail holds', () => {
    expect(stepRamp(RAMP, LATER, watched({}))).toEqual({ kind: 'advance', to: { ...RAMP, at: 2 } });
  });

  it('stays, and says in words what it waits for', () => {
    const none = watched({ reads: { soFar: 0, needed: 100 }, guardrails: [result('no data')] });
    expect(stepRamp(RAMP, LATER - 20_000, none)).toEqual({
      kind: 'stay',
      secondsLeft: 20,
      waitsFor: [
        'the time at this step: 20 s left',
        'no traffic: 0 of 100 reads of the service in the window',
        'guardrail mismatch has no data: no compared answers',
      ],
    });
  });

  it('stays at its last step: the cutover is the decision of a person', () => {
    const last = { ...RAMP, at: 3 };
    expect(stepRamp(last, LATER * 2, watched({}))).toEqual({ kind: 'stay', secondsLeft: 0, waitsFor: [] });
  });

  it('watches also a weight that a person set, and never changes it upwards', () => {
    expect(stepRamp(null, LATER, watched({})).kind).toBe('stay');
    expect(stepRamp(null, LATER, watched({ guardrails: [result('broken')] })).kind).toBe('take back');
  });
});

describe('whatever is seen, and whenever', () => {
  const verdict = fc.constantFrom('ok' as const, 'broken' as const, 'no data' as const);
  const ramps = fc
    .record({
      weights: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 8 }),
      forMs: fc.integer({ min: 0, max: 1000 }),
      at: fc.nat(7),
    })
    .map(({ weights, forMs, at }): RampPosition => {
      const steps = weights.toSorted((a, b) => a - b).map((weight) => ({ weight: weight / 10, forMs }));
      return { steps, at: at % steps.length };
    });
  const anything = fc.record({
    sinceMs: fc.integer({ min: 0, max: 1000 }),
    guardrails: fc.array(verdict.map(result), { maxLength: 4 }),
    reads: fc.record({ soFar: fc.nat(200), needed: fc.integer({ min: 1, max: 200 }) }),
  });

  it('a broken guardrail takes back at once, and only a broken one does', () => {
    fc.assert(
      fc.property(fc.option(ramps), fc.nat(3000), anything, (ramp, now, seen) => {
        const broken = seen.guardrails.filter((one) => one.verdict === 'broken');
        const next = stepRamp(ramp, now, seen);
        expect(next.kind === 'take back').toBe(broken.length > 0);
        if (next.kind === 'take back') expect(next.broken).toEqual(broken);
      }),
    );
  });

  it('a step forward is one step, upwards, and needs time, reads and data', () => {
    fc.assert(
      fc.property(ramps, fc.nat(3000), anything, (ramp, now, seen) => {
        const next = stepRamp(ramp, now, seen);
        const may =
          now - seen.sinceMs >= (ramp.steps[ramp.at]?.forMs ?? 0) &&
          seen.reads.soFar >= seen.reads.needed &&
          seen.guardrails.every((one) => one.verdict === 'ok') &&
          ramp.at < ramp.steps.length - 1;
        expect(next.kind === 'advance').toBe(may);
        if (next.kind !== 'advance') return;
        expect(next.to).toEqual({ steps: ramp.steps, at: ramp.at + 1 });
        expect(next.to.steps[next.to.at]?.weight).toBeGreaterThan(ramp.steps[ramp.at]?.weight ?? 100);
      }),
    );
  });

  it('who stays before the last step says why', () => {
    fc.assert(
      fc.property(ramps, fc.nat(3000), anything, (ramp, now, seen) => {
        const next = stepRamp(ramp, now, seen);
        if (next.kind === 'stay' && ramp.at < ramp.steps.length - 1) expect(next.waitsFor).not.toEqual([]);
      }),
    );
  });
});
