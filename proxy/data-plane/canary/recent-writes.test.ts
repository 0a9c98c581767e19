import { beforeEach, describe, expect, it } from '@jest/globals';
import { matchOf } from '../testing/match-of.ts';
import type { Look } from './freshness.ts';
import { keysOfRead, keysOfWrite, RecentWrites } from './recent-writes.ts';

const look = (applied: number, generation = 'g'): Look => ({
  generation,
  tick: applied,
  applied: new Map([['catalog', applied]]),
  askedAt: 0,
});
const mark = (tick: number) => ({ generation: 'g', tick });

const segments = (path: string): string[] => path.split('/').filter(Boolean);

/** Whether a read of `read` has to think of a write to `written`, by `route`. */
const touches = (route: string, written: string, read: string): boolean => {
  const keys = keysOfWrite(matchOf(route, 'POST', written), segments(written));
  return keysOfRead(segments(read)).some((key) => keys.includes(key));
};

describe('the keys of a write', () => {
  it.each([
    ['/p/{id}/price', '/p/7/price', ['/p/7', '/p/7/price', '/p/7/stock', '/p'], ['/p/8', '/p/77', '/q', '/']],
    ['/p', '/p', ['/p', '/p/7', '/p/7/stock'], ['/q', '/']],
    ['/p/*', '/p/7/x', ['/p/7', '/p/7/y', '/p'], ['/p/8']],
    ['/p/*', '/p', ['/p', '/p/7'], ['/q']],
    ['/shops/{shop}/items/{id}', '/shops/3/items/9', ['/shops/3', '/shops/3/items', '/shops'], ['/shops/4']],
    ['/*', '/a/b', ['/a', '/a/b', '/a/c', '/'], ['/b']],
  ])('of %s at %s are those of the thing, what is below it, and its list', (route, written, seen, unseen) => {
    expect(seen.filter((read) => !touches(route, written, read))).toEqual([]);
    expect(unseen.filter((read) => touches(route, written, read))).toEqual([]);
  });
});

describe('recent writes', () => {
  let recent: RecentWrites;
  const isAhead = (key: string, at: Look | null) => recent.isAhead(() => [key], at, 0);
  beforeEach(() => {
    recent = new RecentWrites('catalog');
    // Its floor is stamped at the first look and reached at the second.
    isAhead('any', look(10));
    expect(isAhead('any', look(12))).toBe(false);
  });

  it('are ahead from their beginning until they are applied', () => {
    recent.begin({ id: 'w1', keys: ['a'] }, 0);
    expect([isAhead('a', look(99)), isAhead('b', look(99))]).toEqual([true, false]);
    recent.end({ id: 'w1', keys: ['a'] }, mark(20));
    expect([isAhead('a', look(19)), isAhead('a', look(20))]).toEqual([true, false]);
  });

  it('of the same key end one by one, even if one of them was never heard to begin', () => {
    recent.begin({ id: 'w1', keys: ['a'] }, 0);
    recent.end({ id: 'w0', keys: ['a'] }, mark(13));
    expect(isAhead('a', look(99))).toBe(true);
    recent.end({ id: 'w1', keys: ['a'] }, mark(20));
    expect(isAhead('a', look(19))).toBe(true);
    expect(isAhead('a', look(20))).toBe(false);
  });

  it('of a proxy that died are believed to have ended after a minute', () => {
    recent.begin({ id: 'w1', keys: ['a'] }, 0);
    recent.sweep(look(99), 59_000);
    expect(isAhead('a', look(99))).toBe(true);
    recent.sweep({ ...look(99), askedAt: 61_000 }, 61_000);
    expect(isAhead('a', look(100))).toBe(true);
    expect(isAhead('a', look(101))).toBe(false);
  });

  it('that are too many to remember stop everybody until all of them are applied', () => {
    for (let n = 0; n <= 10_000; n += 1) recent.end({ id: `w${n}`, keys: [`k${n}`] }, mark(20));
    expect(isAhead('unwritten', look(19))).toBe(true);
    expect(isAhead('unwritten', look(20))).toBe(true);
    expect(isAhead('unwritten', look(21))).toBe(false);
  });

  it('are not forgotten when the store begins another counter: everybody waits for that one', () => {
    recent.end({ id: 'w1', keys: ['a'] }, mark(20));
    recent.sweep(look(5, 'next'), 0);
    expect(isAhead('a', look(5, 'next'))).toBe(true);
    expect(isAhead('a', look(7, 'next'))).toBe(false);
  });

  it('that are applied take no room', () => {
    let asked = 0;
    recent.end({ id: 'w1', keys: ['a'] }, mark(20));
    recent.sweep(look(20), 0);
    const keys = () => {
      asked += 1;
      return ['a'];
    };
    expect(recent.isAhead(keys, look(20), 0)).toBe(false);
    expect(asked).toBe(0);
  });
});
