import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Circuit } from './circuit.ts';
import type { CircuitSettings } from './schema.ts';

const SETTINGS: CircuitSettings = {
  enabled: true,
  errorPercent: 50,
  windowMs: 10_000,
  minimumRequests: 4,
  openMs: 1000,
  maxOpenMs: 3000,
  probes: 2,
};

let now: number;
let circuit: Circuit;
beforeEach(() => {
  now = 1_000_000;
  circuit = new Circuit(SETTINGS, () => now);
});

const fail = (times: number): void => {
  for (let at = 0; at < times; at += 1) circuit.failed(circuit.era);
};

/** Sends as many requests as go at this moment, at most ten. */
const sent = (): number => {
  let count = 0;
  while (count < 10 && circuit.waitMs() === 0) count += 1;
  return count;
};

describe('a circuit', () => {
  it('stays closed while fewer requests fail than the share, or too few were sent for a verdict', () => {
    fail(3);
    expect(circuit.state).toBe('closed');
    for (let at = 0; at < 4; at += 1) circuit.answered(circuit.era);
    // Three of seven, then four of eight.
    expect(circuit.state).toBe('closed');
    fail(1);
    expect(circuit.state).toBe('open');
    expect(circuit.waitMs()).toBe(1000);
  });

  it('forgets what is older than its window', () => {
    fail(3);
    now += 10_000;
    fail(3);
    expect(circuit.state).toBe('closed');
  });

  it('lets a few probes through after a while, and closes when all of them were answered', () => {
    fail(4);
    now += 999;
    expect(sent()).toBe(0);
    now += 1;
    expect(sent()).toBe(2);
    expect(circuit.state).toBe('half-open');
    circuit.answered(circuit.era);
    expect(circuit.state).toBe('half-open');
    circuit.answered(circuit.era);
    expect(circuit.state).toBe('closed');
    expect(sent()).toBe(10);
  });

  it('opens for longer each time a probe fails, up to a limit, and begins anew once it was closed', () => {
    fail(4);
    for (const openMs of [1000, 2000, 3000, 3000]) {
      expect(circuit.waitMs()).toBe(openMs);
      now += openMs;
      expect(circuit.waitMs()).toBe(0);
      fail(1);
    }
    now += 3000;
    sent();
    for (let at = 0; at < 2; at += 1) circuit.answered(circuit.era);
    fail(4);
    expect(circuit.waitMs()).toBe(1000);
  });

  it('does not listen to requests that began before it opened', () => {
    const { era } = circuit;
    fail(4);
    now += 1000;
    sent();
    for (let at = 0; at < 5; at += 1) circuit.answered(era);
    expect(circuit.state).toBe('half-open');
    circuit.failed(era);
    expect(circuit.state).toBe('half-open');
  });

  it('gives new probes when the first ones take for ever', () => {
    fail(4);
    now += 1000;
    expect(sent()).toBe(2);
    now += 999;
    expect(sent()).toBe(0);
    now += 1;
    expect(sent()).toBe(2);
  });

  it('tries again at once when something else says that the side is back', () => {
    circuit.tryAgain();
    expect(circuit.state).toBe('closed');
    fail(4);
    circuit.tryAgain();
    expect(sent()).toBe(2);
  });

  it('works by other settings from the next verdict on, without forgetting its state', () => {
    fail(3);
    circuit.configure({ ...SETTINGS, minimumRequests: 1, openMs: 50 });
    expect(circuit.state).toBe('closed');
    fail(1);
    expect(circuit.waitMs()).toBe(50);
  });

  it('is never shut for ever, and never lets more than its probes through at once, whatever happens', () => {
    const step = fc.oneof(
      fc.constant('answered' as const),
      fc.constant('failed' as const),
      fc.integer({ min: 0, max: 5000 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        circuit = new Circuit(SETTINGS, () => now);
        for (const each of steps) {
          if (typeof each === 'number') now += each;
          else circuit[each](circuit.era);
          const isClosed = circuit.state === 'closed';
          const through = sent();
          expect(isClosed ? through === 10 : through <= SETTINGS.probes).toBe(true);
        }
        // From any state, answers bring it back.
        now += SETTINGS.maxOpenMs;
        sent();
        for (let at = 0; at < SETTINGS.probes; at += 1) circuit.answered(circuit.era);
        expect(circuit.state).toBe('closed');
      }),
    );
  });
});
