import { afterEach, describe, expect, it } from '@jest/globals';
import {
  FakeFeed,
  send,
  standing,
  startBed,
  until,
  type Bed,
  type BedOptions,
  type Handler,
} from '../testing/bed.ts';
import type { ContractCheck, Violation } from './recorded.ts';

let bed: Bed;
let sent = 0;
afterEach(() => bed.stop());

/** What was to be checked, as `side path status type body`. */
let asked: string[];
const checking = (find: (side: string, path: string) => Violation[] | null): ContractCheck => ({
  check: async (side, service, path, { status, headers, body }) => {
    asked.push(
      [side, service, path, status, headers['content-type'], Buffer.from(body).toString()].join(' '),
    );
    return find(side, path);
  },
});
const says =
  (value: unknown): Handler =>
  (_req, res) =>
    void res.setHeader('content-type', 'application/json').end(JSON.stringify(value));

const start = async (contracts: ContractCheck, options: BedOptions = {}): Promise<void> => {
  [asked, sent] = [[], 0];
  const feed = new FakeFeed(standing({ stage: 'shadow' }));
  const shadow = { sample: 100, settleSeconds: 0.05, headers: ['etag'], ...(options.shadow as object) };
  bed = await startBed({ feed, ...options, shadow, contracts });
};
const read = async (target: string): Promise<void> => {
  await send(bed.proxy.url, 'GET', target);
  sent += 1;
  await until(() => (bed.proxy.stats().migrations['catalog']?.monolith.requests ?? 0) === sent);
  await bed.proxy.shadowSettled();
};
const found = () => bed.proxy.shadowFindings()['catalog']?.recorded;

describe('recorded answers', () => {
  it('of both sides are held to their contracts once a sample, however often it is looked at', async () => {
    const sides = { monolith: says({ a: 1 }), service: says({ a: 2 }) };
    await start(
      checking(() => []),
      sides,
    );
    await read('/api/products/7?q=1');
    expect(asked.toSorted()).toEqual([
      'monolith shop /api/products/7 200 application/json {"a":1}',
      'service shop /api/products/7 200 application/json {"a":2}',
    ]);
    expect(found()).toEqual({ checked: 2, unchecked: 0, violations: [], unlisted: 0 });
  });

  it('are counted by what they do, with first, last and one example without secrets', async () => {
    const wrong = { field: '$.colour', problem: 'is not documented' };
    await start(checking((side) => (side === 'service' ? [wrong] : [])));
    await read('/api/products/7?token=hunter2');
    await read('/api/products/8');
    const [violation, ...more] = found()?.violations ?? [];
    expect(more).toEqual([]);
    expect(violation).toMatchObject({
      side: 'service',
      operation: 'GET /api/products/*',
      count: 2,
      ...wrong,
    });
    expect(violation?.example).toBe('/api/products/7?token=***');
    expect(Date.parse(violation!.last)).toBeGreaterThanOrEqual(Date.parse(violation!.first));
  });

  it('are bounded in what is kept of them, and what is beyond is counted', async () => {
    const many = Array.from({ length: 130 }, (_, n) => ({ field: `$.f${n}`, problem: 'is not documented' }));
    await start(checking((side) => (side === 'service' ? many : [])));
    await read('/api/products/7');
    expect(found()?.violations).toHaveLength(100);
    expect(found()?.unlisted).toBe(30);
  });

  it('that nobody had time for are counted, and one that is too big is not looked at', async () => {
    await start(
      checking((side) => (side === 'service' ? null : [])),
      { shadow: { maxBodyBytes: 10 } },
    );
    await read('/api/products/7');
    expect(asked).toEqual([]);
    bed.config.migrations['catalog']!.shadow.maxBodyBytes = 10_000;
    await read('/api/products/7');
    expect(found()).toMatchObject({ checked: 1, unchecked: 1 });
  });

  it('are forgotten when the stage is entered again', async () => {
    const feed = new FakeFeed(standing({ stage: 'shadow', shadowSince: '2026-01-01T00:00:00.000Z' }));
    await start(
      checking(() => []),
      { feed },
    );
    await read('/api/products/7');
    feed.change('catalog', { shadowSince: '2026-01-02T00:00:00.000Z' });
    expect(found()).toBeUndefined();
  });
});
