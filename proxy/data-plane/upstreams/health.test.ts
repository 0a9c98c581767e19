import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AddressHealth, type HealthState } from './health.ts';

const EJECTION = { enabled: true, consecutiveFailures: 3, baseMs: 1000, maxMs: 3000, maxPercent: 50 };
const CHECKS = { enabled: true, intervalMs: 100, timeoutMs: 100, unhealthyAfter: 3, healthyAfter: 2 };

let now: number;
let changes: HealthState[];
let health: AddressHealth;
beforeEach(() => {
  now = 5_000_000;
  changes = [];
  health = new AddressHealth(
    () => now,
    () => changes.push(health.state),
  );
});

const fail = (times: number, mayEject = true): void => {
  for (let at = 0; at < times; at += 1) health.failed('ECONNREFUSED', EJECTION, () => mayEject);
};
const pass = (times: number): void => {
  for (let at = 0; at < times; at += 1) health.passed(CHECKS);
};
const miss = (times: number): void => {
  for (let at = 0; at < times; at += 1) health.missed('503', CHECKS);
};

describe('what requests say of an address', () => {
  it('ejects it after failures in a row, not after as many with an answer between them', () => {
    fail(2);
    health.answered();
    fail(2);
    expect(health.state).toBe('healthy');
    fail(1);
    expect(health.state).toBe('ejected');
    expect(health.isUsable).toBe(false);
    expect(health.lastError).toBe('ECONNREFUSED');
    expect(health.since).toBe(now);
  });

  it('readmits it when its time is over, on probation: one more failure and it is out for twice as long', () => {
    fail(3);
    now += 999;
    health.readmitIfDue();
    expect(health.state).toBe('ejected');
    for (const outFor of [2000, 3000, 3000]) {
      now = health.ejectedUntil;
      health.readmitIfDue();
      expect(health.state).toBe('unknown');
      fail(1);
      expect(health.ejectedUntil - now).toBe(outFor);
    }
  });

  it('begins anew with one that did well for longer than it was out', () => {
    fail(3);
    now = health.ejectedUntil;
    health.readmitIfDue();
    health.answered();
    now += 1001;
    fail(2);
    expect(health.state).toBe('healthy');
    fail(1);
    expect(health.ejectedUntil - now).toBe(1000);
  });

  it('leaves one in that must not be ejected, as unhealthy, until it answers', () => {
    fail(5, false);
    expect([health.state, health.isUsable]).toEqual(['unhealthy', true]);
    health.answered();
    expect(health.state).toBe('healthy');
  });

  it('does not readmit one early because an old request is answered or a check passes', () => {
    fail(3);
    health.answered();
    pass(10);
    expect(health.state).toBe('ejected');
  });

  it('readmits one early that answers when nobody did better', () => {
    fail(3);
    health.answered(true);
    expect(health.state).toBe('unknown');
    fail(1);
    expect(health.state).toBe('ejected');
  });
});

describe('what health checks say of an address', () => {
  it('decides at once in the beginning', () => {
    miss(1);
    expect(health.state).toBe('unhealthy');
    expect(health.isUsable).toBe(false);
  });

  it('takes several in a row later, for worse and for better', () => {
    pass(1);
    expect(health.state).toBe('healthy');
    miss(2);
    pass(1);
    miss(2);
    expect(health.state).toBe('healthy');
    miss(1);
    expect(health.state).toBe('unhealthy');
    pass(1);
    expect(health.state).toBe('unhealthy');
    pass(1);
    expect(health.state).toBe('healthy');
    expect(changes).toEqual(['healthy', 'unhealthy', 'healthy']);
  });

  it('stands against requests that are still answered: it may be shutting down', () => {
    pass(1);
    miss(3);
    health.answered();
    expect(health.isUsable).toBe(false);
  });

  it('keeps out one that was ejected first and is down', () => {
    fail(3);
    miss(3);
    expect(health.state).toBe('unhealthy');
    now += 100_000;
    health.readmitIfDue();
    expect(health.isUsable).toBe(false);
    pass(2);
    expect(health.state).toBe('healthy');
  });

  it('is forgotten when nobody checks any more: who is out would stay out for ever', () => {
    miss(1);
    health.forgetChecks();
    expect([health.state, health.isUsable]).toEqual(['unknown', true]);
  });
});

it('always comes back to an address that answers again, whatever happened', () => {
  const events = fc.array(
    fc.oneof(
      ...(['answered', 'ejecting failure', 'other failure', 'passed', 'missed'] as const).map((each) =>
        fc.constant(each),
      ),
      fc.integer({ min: 1, max: 4000 }),
    ),
    { maxLength: 60 },
  );
  const tell: Record<string, () => void> = {
    answered: () => health.answered(),
    'ejecting failure': () => fail(1),
    'other failure': () => fail(1, false),
    passed: () => pass(1),
    missed: () => miss(1),
  };
  fc.assert(
    fc.property(events, (each) => {
      health = new AddressHealth(
        () => now,
        () => undefined,
      );
      for (const event of each) {
        if (typeof event === 'number') now += event;
        else tell[event]?.();
        health.readmitIfDue();
        // Out only for a bounded time, or on the word of checks.
        if (health.state === 'ejected') expect(health.ejectedUntil - now).toBeLessThanOrEqual(EJECTION.maxMs);
      }
      now += EJECTION.maxMs;
      health.readmitIfDue();
      pass(CHECKS.healthyAfter);
      health.answered();
      expect(health.state).toBe('healthy');
    }),
  );
});
