import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openPostgres } from '../databases/postgres/postgres.ts';
import { createDatabase } from '../testing/two-databases.ts';
import { tablePairSchema } from '../mapping/schema.ts';
import type { Capability } from './capability.ts';
import { Coordinator } from './coordinator.ts';
import { JournalFollower } from './follow.ts';
import { TrafficGuard } from './guard-traffic.ts';
import type { ArmEvidence, GuardrailThresholds, TrafficEvidence } from './guardrails.ts';
import { firstBrokenEntry } from './journal.ts';
import type { Decision } from './journal.ts';
import type { RampPosition } from './ramp.ts';
import { ControlStore } from './store.ts';

const LIMITS: GuardrailThresholds = {
  windowMs: 60_000,
  minRequests: 100,
  errorPercent: 1,
  p99: false,
  mismatchPercent: false,
  lagSeconds: false,
};
const RAMP: RampPosition = { steps: [5, 25, 100].map((weight) => ({ weight, forMs: 0 })), at: 0 };

const reads = (requests: number, failed = 0): ArmEvidence => ({
  requests,
  failed,
  timed: requests,
  p99Ms: null,
  slowerThan: () => 0,
});
const NO_TRAFFIC: TrafficEvidence = {
  windowMs: 1000,
  service: reads(0),
  monolith: reads(0),
  shadow: null,
  lag: null,
};
const GOOD = { ...NO_TRAFFIC, service: reads(500) };
const BAD = { ...NO_TRAFFIC, service: reads(500, 400) };

let store: ControlStore;
let journal: JournalFollower;
let guard: TrafficGuard | null;
let evidence: TrafficEvidence;
let unreachable: string[];
let isLeading: boolean;
let capability: Capability;
/** Emits `looked` after each look at the traffic. */
let events: EventEmitter;

beforeEach(async () => {
  store = await ControlStore.open(await createDatabase(''));
  journal = await JournalFollower.start(store);
  events = new EventEmitter();
  guard = null;
  evidence = NO_TRAFFIC;
  unreachable = [];
  isLeading = true;
  capability = {
    name: 'catalog',
    service: 'catalog',
    pairs: [],
    thresholds: { lagSeconds: 2, shadowSamples: 0, shadowMismatchPercent: 1, verifyMaxAgeMinutes: 60 },
    databases: null,
    probe: async () => unreachable,
    compareContracts: async () => null,
  };
});
afterEach(async () => {
  await guard?.close();
  await journal.close();
  await store.close();
});

const coordinatorOf = (): Coordinator =>
  new Coordinator({
    store,
    journal,
    capabilities: { byName: new Map([['catalog', capability]]) },
    shadowOf: async () => null,
    isLeading: () => isLeading,
  });

function startGuard(coordinator: Pick<Coordinator, 'move'> = coordinatorOf()): TrafficGuard {
  guard = new TrafficGuard({
    coordinator,
    journal,
    isLeading: () => isLeading,
    thresholds: () => new Map([['catalog', LIMITS]]),
    gather: async () => {
      setImmediate(() => events.emit('looked'));
      return { now: await store.now(), evidenceOf: () => evidence };
    },
    warn: () => undefined,
  });
  return guard;
}

async function journaled(part: Partial<Extract<Decision, { kind: 'stage-changed' }>>): Promise<void> {
  const decision = {
    kind: 'stage-changed',
    verb: 'canary',
    from: 'shadow',
    to: 'canary',
    weight: 5,
  } as const;
  const { seq } = journal.state('catalog');
  const entry = { migration: 'catalog', decision: { ...decision, ...part }, epoch: 0, actor: 'ann' };
  await store.append({ ...entry, reason: null, evidence: null }, seq);
  await journal.refresh();
}

/** Resolves once the journal says so; the journal tells of each entry. */
async function until(isSo: (state: ReturnType<JournalFollower['state']>) => boolean): Promise<void> {
  while (!isSo(journal.state('catalog'))) {
    await new Promise<void>((resolve) => {
      const stop = journal.subscribe(() => {
        stop();
        resolve();
      });
    });
  }
}

const looks = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i += 1) await once(events, 'looked');
};

describe('the guard of the traffic', () => {
  it('takes a ramp up step by step, each journaled with what was seen', async () => {
    await journaled({ ramp: RAMP });
    evidence = GOOD;
    startGuard();
    await until(({ weight }) => weight === 100);
    expect(
      journal.entries.map(({ actor, decision }) => [actor, 'weight' in decision && decision.weight]),
    ).toEqual([
      ['ann', 5],
      ['ramp', 25],
      ['ramp', 100],
    ]);
    expect(journal.entries[1]).toMatchObject({
      reason: 'step 2 of 3: 25 % for 0 s',
      evidence: {
        gates: [{ gate: 'health', passed: true }, { gate: 'shadow' }],
        guardrails: [{ verdict: 'ok' }],
      },
    });
    expect(firstBrokenEntry(journal.entries)).toBeNull();
  });

  it('takes everything back at once, journals value, threshold and window, and leaves it there', async () => {
    await journaled({ weight: 25, ramp: { ...RAMP, at: 1 } });
    evidence = BAD;
    startGuard();
    await until(({ stage }) => stage === 'shadow');
    expect(journal.entries.at(-1)).toMatchObject({
      actor: 'guardrail',
      reason: 'error rate: 80 % of 500 reads of the service, at most 1 %, in the last 1 s',
      decision: {
        verb: 'rollback',
        weight: 0,
        broken: [
          {
            guardrail: 'error rate',
            value: '80 % of 500 reads of the service',
            threshold: 'at most 1 %',
            window: '1 s',
          },
        ],
      },
    });
    expect(journal.state('catalog')).toMatchObject({ weight: 0, ramp: null, takenBack: { weight: 25 } });
    evidence = GOOD;
    await looks(3);
    expect(journal.entries).toHaveLength(2);
  });

  it('watches also a weight that a person set', async () => {
    await journaled({ weight: 50 });
    evidence = BAD;
    startGuard();
    await until(({ stage }) => stage === 'shadow');
  });

  it('takes back while both databases are away: this needs none of them', async () => {
    const nowhere = openPostgres('postgres://nobody@127.0.0.1:9/none', 'nowhere');
    const pair = tablePairSchema.parse({ from: 'a', to: 'b', key: { id: 'id' }, columns: {} });
    capability = { ...capability, pairs: [pair], databases: { monolith: nowhere, service: nowhere } };
    await journaled({});
    evidence = BAD;
    startGuard();
    await until(({ stage }) => stage === 'shadow');
    await nowhere.close();
  });

  it('takes back also while the gates of the next step hang, and that step does not come after it', async () => {
    let answer = (_: string[]): void => undefined;
    const asked = new Promise<void>((resolve) => {
      capability = {
        ...capability,
        probe: () => {
          resolve();
          return new Promise((answered) => (answer = answered));
        },
      };
    });
    await journaled({ ramp: RAMP });
    evidence = GOOD;
    startGuard();
    await asked;
    evidence = BAD;
    await until(({ stage }) => stage === 'shadow');
    answer([]);
    await looks(2);
    expect(journal.entries.map(({ actor }) => actor)).toEqual(['ann', 'guardrail']);
  });

  it('neither advances nor takes back without traffic, and says so', async () => {
    await journaled({ ramp: RAMP });
    startGuard();
    await looks(3);
    expect(journal.entries).toHaveLength(1);
    expect(guard?.of('catalog')).toMatchObject({
      reads: { soFar: 0, needed: 100 },
      guardrails: [{ guardrail: 'error rate', verdict: 'no data' }],
      verdict: { kind: 'stay', waitsFor: ['no traffic: 0 of 100 reads of the service in the window'] },
    });
  });

  it('stays where a gate refuses the next step, says which, and goes on once it holds', async () => {
    unreachable = ['service catalog: is down'];
    await journaled({ ramp: RAMP });
    evidence = GOOD;
    startGuard();
    for (let patience = 20; patience > 0 && guard?.refusalOf('catalog') === null; patience -= 1)
      await looks(1);
    expect(guard?.refusalOf('catalog')).toMatch(
      /"canary" of "catalog" refused: health is service catalog: is down/,
    );
    expect(journal.state('catalog').weight).toBe(5);
    unreachable = [];
    await until(({ weight }) => weight === 25);
  });

  it('goes on where another one was killed: the journal knows the step, and since when', async () => {
    await journaled({ weight: 25, ramp: { ...RAMP, at: 1 } });
    evidence = GOOD;
    await journal.close();
    journal = await JournalFollower.start(store);
    startGuard();
    await until(({ weight }) => weight === 100);
    expect(journal.entries).toHaveLength(2);
  });

  it('counts the time of a step by the clock that dates the journal, whatever that of its own host says', async () => {
    await journaled({ ramp: { steps: [5, 25].map((weight) => ({ weight, forMs: 60_000 })), at: 0 } });
    evidence = GOOD;
    const spy = jest.spyOn(Date, 'now').mockImplementation(() => performance.timeOrigin + 3_600_000);
    try {
      startGuard();
      await looks(2);
      const verdict = guard?.of('catalog')?.verdict;
      expect(verdict?.kind === 'stay' && verdict.secondsLeft).toBeGreaterThan(30);
    } finally {
      spy.mockRestore();
    }
  });

  it('only looks where another process leads, and after a cutover', async () => {
    isLeading = false;
    await journaled({ ramp: RAMP });
    evidence = BAD;
    startGuard();
    await looks(3);
    expect(guard?.of('catalog')?.verdict.kind).toBe('take back');
    isLeading = true;
    await until(({ stage }) => stage === 'shadow');
    await journaled({ verb: 'cutover', from: 'shadow', to: 'extracted', weight: 100 });
    await looks(3);
    expect(guard?.of('catalog')?.guardrails).toMatchObject([{ guardrail: 'error rate', verdict: 'broken' }]);
    expect(journal.state('catalog').stage).toBe('extracted');
  });

  it('moves nothing on what it saw before somebody else moved', async () => {
    const coordinator = coordinatorOf();
    await journaled({ ramp: RAMP });
    const { stageSeq } = journal.state('catalog');
    await journaled({ verb: 'rollback', from: 'canary', to: 'shadow', weight: 0 });
    const order = { verb: 'rollback', weight: 0, actor: 'guardrail', reason: null } as const;
    await expect(
      coordinator.move('catalog', { ...order, watched: { stageSeq, guardrails: [] } }),
    ).rejects.toThrow(/was moved since its traffic was looked at/);
    expect(journal.state('catalog').stage).toBe('shadow');
  });

  it('ends a ramp when a person sets a weight', async () => {
    await journaled({ ramp: RAMP });
    const coordinator = coordinatorOf();
    await coordinator.move('catalog', { verb: 'canary', weight: 10, actor: 'bob', reason: null });
    expect(journal.state('catalog')).toMatchObject({ weight: 10, ramp: null });
    evidence = GOOD;
    startGuard(coordinator);
    await looks(3);
    expect(journal.state('catalog').weight).toBe(10);
  });
});
