import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { journaled, migrationNamed } from '../../control/testing/memory-lifecycle.ts';
import { everyStage } from '../testing/every-stage.ts';
import { phasesOf } from './change-of-owner.ts';
import { lineOf, roundTop, stepsOf } from './chart.ts';
import { figOf } from './fig.ts';
import { historyOf } from './history.ts';
import { canBeIgnored, ignoringLine } from './ignoring.ts';
import { filtered, routeRows } from './list-routes.ts';
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
  it('is what the journal says was decided, and holds until the next decision', () => {
    const moved = (seq: number, to: string, weight = 0) =>
      journaled({ seq, at: `2026-01-0${seq}T00:00:00.000Z`, evidence: { to, weight } });
    const [noon, now] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 9)];
    const journal = [
      moved(1, 'dual-write'),
      moved(2, 'canary', 50),
      moved(3, 'extracted'),
      moved(4, 'shadow'),
    ];
    const { routes, writes } = historyOf([named('catalog')], journal, now);
    expect(routes.map(({ value }) => value)).toEqual([0, 0, 20, 100, 0, 0]);
    expect(writes.map(({ value }) => value)).toEqual([0, 0, 0, 100, 0, 0]);
    expect([routes[0]?.at, routes.at(-1)?.at]).toEqual([noon, now]);
    expect(historyOf([named('catalog')], [], now).routes).toEqual([]);
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
    const states = (phase: string) => phasesOf(phase)?.map(({ state }) => state);
    expect(states('raise-fence')?.slice(0, 4)).toEqual(['done', 'done', 'doing', 'ahead']);
    expect(states('lift')).toEqual(['done', 'doing', 'ahead']);
    expect(phasesOf('installing')).toBeNull();
  });
});

describe('the list of routes', () => {
  const rows = routeRows(everyStage());
  const all = { search: '', migration: '', arm: '', kind: '' };

  it('finds by words in any order, and by migration, arm and kind', () => {
    expect(filtered(rows, all)).toHaveLength(26);
    expect(filtered(rows, { ...all, search: 'ORDERS get' }).map(({ place }) => place)).toEqual([
      ...['/api/orders', '/api/orders/{id}'],
    ]);
    const split = filtered(rows, { ...all, migration: 'orders', arm: 'split' });
    expect(split.map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect(filtered(rows, { ...all, kind: 'writes', arm: 'service' })).toHaveLength(3);
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

describe('a chart', () => {
  const frame = { width: 100, height: 50, from: 0, to: 10, top: 10 };

  it('breaks its line where nothing was measured', () => {
    const points = [0, 5, null, 10].map((value, at) => ({ at: at * 2, value }));
    expect(lineOf(points, frame)).toBe('M0 50L20 25M60 0');
  });

  it('holds a value until the next, as steps', () => {
    expect(
      stepsOf(
        [
          { at: 0, value: 0 },
          { at: 5, value: 10 },
        ],
        frame,
      ),
    ).toBe('M0 50H50V0H100');
    expect(stepsOf([], frame)).toBe('');
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
  it('is a line of YAML that holds whatever the reason says', () => {
    expect(ignoringLine('$.tags[*].price', "it's\nlate: {#}")).toBe(
      "- { path: '$.tags[*].price', reason: 'it''s late: {#}' }",
    );
    expect(['$.a', 'status', 'header etag'].map(canBeIgnored)).toEqual([true, false, false]);
  });
});
