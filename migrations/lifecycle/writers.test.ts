import { describe, expect, it } from '@jest/globals';
import type { Evidence, GateThresholds } from './gate.ts';
import { addSample, strayWriters } from './writers.ts';
import type { WritersRecord } from './writers.ts';

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const SHOP = { user: 'shop', application: 'monolith' };
const NIGHTLY = { user: 'batch', application: 'nightly' };
const judged = (writers: WritersRecord | null, expected?: string[]) =>
  strayWriters(
    { writers, now: Date.now() } as unknown as Evidence,
    { strayWriters: { expected, withinMinutes: 60 } } as unknown as GateThresholds,
    true,
  );

describe('the gate on stray writers', () => {
  const writers: WritersRecord = {
    since: minutesAgo(600),
    seen: [
      { ...SHOP, at: minutesAgo(1) },
      { ...NIGHTLY, at: minutesAgo(30) },
    ],
  };

  it('judges nothing, but says who was seen, as long as nobody says who is expected', () => {
    expect(judged(writers)).toMatchObject({
      passed: true,
      value: expect.stringMatching(/seen: monolith as shop at .*, nightly as batch at .*not judged/),
    });
  });

  it('refuses whoever is not expected, by user or by application, and may be overridden', () => {
    expect(judged(writers, ['monolith'])).toMatchObject({
      passed: false,
      notOverridable: '',
      value: expect.stringMatching(/^unexpected: nightly as batch at [^,]*$/),
    });
    expect(judged(writers, ['monolith', 'batch'])).toMatchObject({ passed: true });
  });

  it('looks no further back than it was told, and does not take silence for proof', () => {
    const longAgo = { ...writers, seen: [{ ...NIGHTLY, at: minutesAgo(61) }] };
    expect(judged(longAgo, ['monolith'])).toMatchObject({ passed: true });
    expect(judged(null, ['monolith'])).toMatchObject({
      passed: false,
      value: expect.stringContaining('not sampled'),
    });
  });
});

describe('what was seen', () => {
  it('keeps when each was seen last, the newest first, and forgets after a month', () => {
    const first = addSample(null, [NIGHTLY], '2026-01-01T00:00:00.000Z');
    const second = addSample(first, [SHOP], '2026-01-02T00:00:00.000Z');
    const third = addSample(second, [SHOP], '2026-02-01T12:00:00.000Z');
    expect(second.seen.map(({ user, at }) => `${user} ${at.slice(0, 10)}`)).toEqual([
      'shop 2026-01-02',
      'batch 2026-01-01',
    ]);
    expect(third).toEqual({ since: first.since, seen: [{ ...SHOP, at: '2026-02-01T12:00:00.000Z' }] });
  });
});
