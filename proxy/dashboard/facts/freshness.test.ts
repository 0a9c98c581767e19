import { describe, expect, it } from '@jest/globals';
import { freshness, type Signs } from './freshness.ts';

const NOW = Date.UTC(2026, 0, 2);
const signs = (differing: Partial<Signs>): Signs => ({
  ...{ link: 'live', signAt: NOW, statusAt: NOW - 60_000, trouble: '' },
  ...differing,
});

describe('how fresh the page is', () => {
  it('is as new as the last sign of a stream that lives', () => {
    expect(freshness(signs({ signAt: NOW - 3000 }), NOW)).toEqual({
      ...{ state: 'fresh', short: 'Live', age: 'up to date, 3 s ago', notice: '' },
    });
  });

  it('is stale, with its age, once the connection is lost, silent or without a status', () => {
    const lost = freshness(signs({ link: 'lost', signAt: NOW - 40_000 }), NOW);
    expect(lost).toMatchObject({ state: 'stale', age: '40 s old' });
    expect(lost.notice).toMatch(/connection is lost.*tries again by itself.*40 s old/);
    expect(freshness(signs({ signAt: NOW - 13_000 }), NOW)).toMatchObject({
      state: 'stale',
      short: 'Silent',
    });
    const unread = freshness(signs({ trouble: 'the store is away' }), NOW);
    expect(unread).toMatchObject({ state: 'stale', age: '60 s old' });
    expect(unread.notice).toContain('the store is away');
  });

  it('claims nothing before the first status', () => {
    const never = { statusAt: 0, signAt: 0 };
    expect(freshness(signs({ ...never, link: 'connecting' }), NOW)).toMatchObject({
      state: 'waiting',
      age: '',
    });
    expect(freshness(signs({ ...never, link: 'lost' }), NOW).notice).toContain('cannot be reached');
  });
});
