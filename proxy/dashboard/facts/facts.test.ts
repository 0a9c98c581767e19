import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChangeStep } from '../../control/happenings.ts';
import { journaled, migrationNamed } from '../../control/testing/memory-lifecycle.ts';
import { everyStage } from '../testing/every-stage.ts';
import { quarterOfAnHour, useOf } from '../testing/usage.ts';
import { phasesOf } from './change-of-owner.ts';
import { lineOf, roundTop } from './chart.ts';
import { figOf } from './fig.ts';
import { companionsOf, unitsOf } from './together.ts';
import { canBeIgnored, newestIgnoring } from './ignoring.ts';
import { comparedSides } from './comparing-sides.ts';
import { filtered, isUnused, rowOf } from './list-routes.ts';
import { latelyAsked, sharesOverTime } from './progress.ts';
import { RouteUse } from './route-use.ts';
import { rowsInView } from './rows-in-view.ts';
import { pathOf, stageBack } from './stages.ts';
import { lagOf, standingOf, verdictsOf, weightOf } from './standing.ts';
import { takeoverOf } from './takeover.ts';
import { timelineOf } from './timeline.ts';
import { isComplete, orderOf, type Wishes } from './wishes.ts';

const named = (name: string) => everyStage().find((one) => one.name === name) ?? migrationNamed('none');

describe('the share that is taken over', () => {
  it('counts a route whose reads are split for its part, and writes by their owner', () => {
    const { routes, writes } = takeoverOf([named('catalog'), named('orders')]);
    // Five of the extracted one, and a quarter of two reads.
    expect(routes).toEqual({ taken: 5.5, total: 10, percent: 55 });
    expect(writes).toEqual({ taken: 3, total: 6, percent: 50 });
  });

  it('is none, and not zero, where there is no route', () => {
    expect(takeoverOf([]).routes.percent).toBeNull();
  });
});

describe('the fig', () => {
  const grown = (share: number) => {
    const fig = figOf({ requests: share, routes: share, writes: share });
    const sum = (strands: { grown: number }[]) => strands.reduce((total, one) => total + one.grown, 0);
    return [sum(fig.lattice), sum(fig.roots), fig.leaves.filter(({ of }) => of === 'fig').length];
  };

  it('never shrinks while the shares grow, is nothing at first and whole at the end', () => {
    const share = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(share, share, (one, other) => {
        const [less, more] = [grown(Math.min(one, other)), grown(Math.max(one, other))];
        less.forEach((value, at) => expect(value).toBeLessThanOrEqual(more[at] ?? 0));
      }),
    );
    expect(grown(0)).toEqual([0, 0, 0]);
    const whole = figOf({ requests: 100, routes: 100, writes: 100 });
    expect([...whole.lattice, ...whole.roots].every((strand) => strand.grown === 1)).toBe(true);
    expect(whole.leaves.every(({ of }) => of === 'fig')).toBe(true);
  });
});

describe('the share over time', () => {
  const point = (at: number, requests: [number, number], seconds = 60) => ({
    ...{ at: new Date(at * 60_000).toISOString(), seconds, routes: { total: 8, service: 2 } },
    ...{ requests: { monolith: requests[0], service: requests[1] }, writes: { monolith: 0, service: 0 } },
  });

  it('is a gap, and not zero, where nothing was asked for', () => {
    const { routes, requests, writes } = sharesOverTime([
      point(0, [3, 1]),
      point(1, [0, 0]),
      point(2, [0, 5]),
    ]);
    expect(requests).toEqual([25, null, 100].map((value, at) => ({ at: at * 60_000, value })));
    expect(routes.map(({ value }) => value)).toEqual([25, 25, 25]);
    expect(writes.map(({ value }) => value)).toEqual([null, null, null]);
  });

  it('is that of the last quarter of an hour in which something was asked for', () => {
    const points = [
      point(0, [900, 0]),
      ...Array.from({ length: 15 }, (_, at) => point(at + 1, [1, 3])),
      point(99, [0, 0]),
    ];
    expect(latelyAsked(points, 'requests')).toEqual({ percent: 75, asked: 60, at: points[15]?.at });
    expect(latelyAsked(points, 'writes')).toBeNull();
  });
});

describe('old against new', () => {
  it('has rate, errors and latency of both sides, and marks where the service does clearly worse', () => {
    const figures = comparedSides(quarterOfAnHour('catalog'), 'reads');
    expect(figures.map(({ name, isWorse }) => [name, isWorse])).toEqual([
      ...[
        ['Rate', false],
        ['Errors', false],
        ['p50', false],
        ['p99', true],
      ],
    ]);
    expect(figures[1]).toMatchObject({ monolith: '0.1 %', service: '0.4 %' });
    expect(figures[3]?.lines.service).toHaveLength(180);
  });

  it('claims no latency of a side that nobody asked', () => {
    const [rate, errors, p50] = comparedSides(quarterOfAnHour('catalog'), 'writes');
    expect([rate?.service, errors?.service, p50?.service]).toEqual(['0 /s', '–', '–']);
    expect(p50?.lines.service.every(({ value }) => value === null)).toBe(true);
  });
});

describe('where a migration stands', () => {
  it('is said in words, with everything that the next move waits for', () => {
    expect(standingOf(named('catalog'))).toMatchObject({
      heading: 'Retire waits for one thing',
      tone: 'attention',
    });
    expect(standingOf(named('customers'))).toMatchObject({ heading: 'Ready for sync', tone: 'good' });
    expect(standingOf(named('orders'))).toMatchObject({
      ...{ heading: 'The ramp waits', waitsFor: ['4 min more at this step', '16 more reads of the service'] },
    });
    expect(standingOf(named('cart')).heading).toMatch(/^Taken back from 50 %: errors/);
    expect(standingOf(named('search')).heading).toBe('Nothing is left to do');
    const moving = { verb: 'cutover', phase: 'drain', since: '', by: 'ada' } as const;
    expect(standingOf(migrationNamed('a', { moving })).heading).toBe('cutover under way: drain');
  });

  it('tells trouble from calm and from silence', () => {
    const tones = (name: string) => verdictsOf(named(name)).map(({ tone, words }) => [tone, words]);
    expect(tones('orders')).toEqual([
      ['bad', 'shadow: differs, 412 compared'],
      ['plain', 'guardrails: 2 of 2 without data'],
      ['bad', 'service 127.0.0.1:4101 ejected'],
      ['bad', '3 changes parked'],
    ]);
    expect(tones('catalog')).toContainEqual(['good', 'guardrails: all 2 hold']);
    expect(lagOf(named('customers'))).toEqual({ tone: 'plain', words: 'no sync' });
    expect(weightOf(named('orders'))).toEqual({ set: '25 %', actual: '24.6 % actual' });
    expect(weightOf(named('customers')).actual).toBe('no reads lately');
  });

  it('is a place on the path of stages, and a rollback leads one back', () => {
    expect(pathOf(named('orders')).map(({ state }) => state)).toEqual([
      ...['passed', 'passed', 'passed', 'here', 'ahead', 'ahead'],
    ]);
    expect(['catalog', 'orders', 'payments', 'search'].map((name) => stageBack(named(name)))).toEqual([
      ...['shadow', 'shadow', 'legacy', null],
    ]);
  });
});

describe('the phases of a change of owner', () => {
  it('are known from the one that is being done, on the way forward and on the way back', () => {
    const states = (phase: string) => phasesOf([], 'catalog', '', phase)?.phases.map(({ state }) => state);
    expect(states('raise-fence')?.slice(0, 4)).toEqual(['done', 'done', 'doing', 'ahead']);
    expect(states('lift')).toEqual(['done', 'doing', 'ahead']);
    expect(phasesOf([], 'catalog', '', 'installing')).toBeNull();
  });

  it('are known from what was told of each, with its time, and how long writes have waited', () => {
    const told = (
      step: string,
      state: ChangeStep['state'],
      differing: Partial<ChangeStep> = {},
    ): ChangeStep => ({
      ...{ migration: 'catalog', verb: 'cutover', epoch: 2, step, title: step, state },
      ...{
        at: '2026-01-02T00:00:01.000Z',
        tookMs: state === 'begun' ? null : 4,
        reason: null,
        writesWaitMs: 9,
      },
      ...differing,
    });
    const steps = [
      told('settle', 'done', { at: '2026-01-01T00:00:00.000Z' }),
      told('drain', 'done', { migration: 'orders' }),
      ...[told('journal-started', 'begun'), told('journal-started', 'done'), told('await-held', 'begun')],
    ];
    const since = '2026-01-02T00:00:00.000Z';
    const change = phasesOf(steps, 'catalog', since, null);
    expect(change?.phases.map(({ state, tookMs }) => [state, tookMs]).slice(0, 3)).toEqual([
      ...[
        ['done', 4],
        ['doing', null],
        ['ahead', null],
      ],
    ]);
    expect(change?.writesWaitMs).toBe(9);
    const late = told('drain', 'failed', { reason: 'too late' });
    const givenUp = phasesOf([...steps, late, told('journal-aborting', 'begun')], 'catalog', since, null);
    expect(givenUp?.phases.map(({ phase, state }) => [phase, state])).toEqual([
      ...[
        ['journal-started', 'done'],
        ['await-held', 'doing'],
        ['drain', 'failed'],
      ],
      ...[
        ['journal-aborting', 'doing'],
        ['lift', 'ahead'],
        ['journal-aborted', 'ahead'],
      ],
    ]);
  });
});

describe('the list of routes', () => {
  const rows = useOf(everyStage(), null).routes.map(rowOf);
  const all = { search: '', migration: '', arm: '', kind: '', use: '' };
  const found = (differing: Partial<typeof all>) => filtered(rows, { ...all, ...differing }, Date.now());

  it('finds by words in any order, and by migration, arm and kind', () => {
    expect(found({})).toHaveLength(29);
    expect(found({ search: 'ORDERS get' }).map(({ place }) => place)).toEqual([
      '/api/orders',
      '/api/orders/{id}',
    ]);
    const split = found({ migration: 'orders', arm: 'split' });
    expect(split.map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect(found({ kind: 'writes', arm: 'service' })).toHaveLength(3);
    // The last route of each of the seven.
    expect(found({ use: 'unused' })).toHaveLength(7);
    const [now, day] = [Date.now(), 86_400_000];
    const seen = (days: number) => ({ lastSeen: new Date(now - days * day).toISOString() });
    expect([seen(6), seen(8), { lastSeen: null }].map((one) => isUnused(one, now))).toEqual([
      false,
      true,
      true,
    ]);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });

  it('draws what the window shows and keeps the height of the rest, wherever one scrolled to', () => {
    const size = fc.nat(20_000);
    fc.assert(
      fc.property(size, fc.nat(2_000_000), fc.nat(3000), (total, scrolled, height) => {
        const { from, to, above, below } = rowsInView(total, 45, scrolled, height);
        expect((to - from) * 45 + above + below).toBe(total * 45);
        expect(to - from).toBeLessThanOrEqual(height / 45 + 27);
        const [first, last] = [Math.floor(scrolled / 45), Math.floor((scrolled + height) / 45)];
        if (last < total) expect(from <= first && to >= last).toBe(true);
      }),
    );
  });
});

describe('the use of routes', () => {
  it('keeps what an answer does not tell of, and asks from a little before the last one', () => {
    const use = new RouteUse();
    expect(use.since).toBeNull();
    const first = { ...useOf(everyStage(), null), at: '2026-01-02T00:01:00.000Z' };
    use.add(first);
    const [route] = first.routes;
    const [shape] = first.unmatched;
    if (!route || !shape) throw new Error('nothing is used');
    const requests = { monolith: 1, service: 9999 };
    use.add({
      at: first.at,
      routes: [{ ...route, requests }],
      unmatched: [{ ...shape, path: '/new', requests: 2000 }],
    });
    expect(use.rows).toHaveLength(29);
    expect(use.rows[0]?.requests).toEqual(requests);
    expect(use.unmatched.map(({ path }) => path)).toEqual(['/new', '/legacy/report/{…}', '/soap/orders']);
    expect(use.since).toBe('2026-01-02T00:00:45.000Z');
  });
});

describe('a chart', () => {
  const frame = { width: 100, height: 50, from: 0, to: 10, top: 10 };

  it('breaks its line where nothing was measured', () => {
    const points = [0, 5, null, 10].map((value, at) => ({ at: at * 2, value }));
    expect(lineOf(points, frame)).toBe('M0 50L20 25M60 0');
  });

  it('ends at a round number that is not below the highest value', () => {
    expect([0, 0.03, 7, 10, 101].map(roundTop)).toEqual([1, 0.05, 10, 10, 200]);
  });
});

describe('an order', () => {
  const wishes: Wishes = {
    weight: 12.5,
    ramp: false,
    override: [],
    keepGuard: true,
    reason: ' ',
    sure: false,
  };

  it('carries what its verb takes and nothing else', () => {
    expect(orderOf('canary', wishes)).toEqual({ verb: 'canary', weight: 12.5 });
    expect(orderOf('canary', { ...wishes, ramp: true })).toEqual({ verb: 'canary', ramp: true });
    expect(orderOf('retire', { ...wishes, override: ['quiet'], reason: ' done ' })).toEqual({
      ...{ verb: 'retire', keepGuard: true, override: ['quiet'], reason: 'done' },
    });
  });

  it('needs who, why where a gate is overridden, and certainty where nothing leads back', () => {
    expect(isComplete('cutover', wishes, 'ada')).toBe(true);
    expect(isComplete('cutover', wishes, ' ')).toBe(false);
    expect(isComplete('cutover', { ...wishes, override: ['lag'] }, 'ada')).toBe(false);
    expect(isComplete('retire', wishes, 'ada')).toBe(false);
    expect(
      [101, -1, 0.25, Number.NaN].map((weight) => isComplete('canary', { ...wishes, weight }, 'ada')),
    ).toEqual([...[false, false, false, false]]);
  });
});

describe('the timeline', () => {
  it('has the newest first, with who, why and evidence', () => {
    const [newest, oldest] = timelineOf([
      journaled({ evidence: null }),
      journaled({ seq: 2, kind: 'aborted', evidence: { why: 'late' }, reason: 'a try' }),
    ]);
    expect(newest).toMatchObject({
      seq: 2,
      what: 'aborted: late',
      tone: 'bad',
      who: 'ada@desk',
      why: 'a try',
    });
    expect(newest?.evidence).toContain('"why": "late"');
    expect(oldest?.evidence).toBeNull();
  });
});

describe('ignoring a field', () => {
  it('is for what a JSONPath names', () => {
    expect(['$.a', 'status', 'header etag'].map(canBeIgnored)).toEqual([true, false, false]);
  });

  it('is known by the newest order of the migration, so that a page asks anew when somebody else gave one', () => {
    const entry = (seq: number, kind: string, migration = 'catalog') => ({
      ...{ seq, kind, migration, at: '', epoch: 1, actor: 'ada', reason: null, evidence: {}, hash: '' },
    });
    const entries = [entry(3, 'field-ignored'), entry(4, 'field-compared'), entry(5, 'repaired')];
    expect(newestIgnoring(entries, 'catalog')).toBe(4);
    expect(newestIgnoring(entries, 'orders')).toBe(0);
  });
});

describe('migrations that move together', () => {
  const [cart, alone, wishlist] = [
    migrationNamed('cart', { stage: 'shadow', together: ['cart', 'wishlist'] }),
    migrationNamed('alone'),
    migrationNamed('wishlist', { stage: 'shadow', together: ['cart', 'wishlist'] }),
  ];
  const namesOf = (...all: (typeof cart)[]) =>
    unitsOf(all).map(({ members, isApart }) => [members.map(({ name }) => name).join('+'), isApart]);

  it('are one unit in the place of the first, and the others stand alone', () => {
    expect(namesOf(cart, alone, wishlist)).toEqual([
      ['cart+wishlist', false],
      ['alone', false],
    ]);
    expect([companionsOf(cart), companionsOf(alone)]).toEqual([['wishlist'], []]);
  });

  it('are known for not being able to move where they stand at different stages', () => {
    expect(namesOf(cart, { ...wishlist, stage: 'canary' })).toEqual([['cart+wishlist', true]]);
  });
});
