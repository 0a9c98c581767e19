import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../testing/bed.ts';
import type { Answer } from './compare.ts';
import type { Job } from './compare-worker.ts';
import { Comparer } from './comparer.ts';
import { shadowSchema } from './schema.ts';
import { Thread } from './thread.ts';

const answer = (body: unknown): Answer => ({
  status: 200,
  headers: {},
  body: Buffer.from(JSON.stringify(body)),
});
const list = (length: number, price: number) =>
  Array.from({ length }, (_, id) => ({ id, name: `product ${id}`, price: id === length - 1 ? price : 1 }));
const SETTINGS = shadowSchema.parse({});

let comparer: Comparer;
afterEach(() => comparer.close());

describe('comparing in a thread of its own', () => {
  it('finds in large answers what it would find in small ones, by the same rules', async () => {
    comparer = new Comparer();
    const large = [answer(list(2000, 1)), answer(list(2000, 2))] as const;
    expect(large[0].body.length).toBeGreaterThan(64 * 1024);
    expect(await comparer.compare(...large, SETTINGS)).toEqual([
      { field: '$[*].price', place: '$[1999].price', monolith: '1', service: '2' },
    ]);
    expect(comparer.threads).toBe(1);
    const ignoring = shadowSchema.parse({ ignore: [{ path: '$[*].price', reason: 'test' }] });
    expect(await comparer.compare(...large, ignoring)).toEqual([]);
    expect(await comparer.compare(answer(list(2000, 1)), answer(list(2000, 1)), SETTINGS)).toEqual([]);
  });

  it('ends without a verdict where the system allows no further thread', async () => {
    const thread = new Thread<Job, never>(() => {
      throw new Error('EAGAIN');
    });
    const monolith = answer(1);
    expect(await thread.ask({ monolith, service: monolith, settings: SETTINGS })).toBeNull();
    expect([thread.isRunning, thread.waiting]).toEqual([false, 0]);
  });

  it('is not begun for what is small or equal', async () => {
    comparer = new Comparer();
    expect(await comparer.compare(answer(list(5000, 1)), answer(list(5000, 1)), SETTINGS)).toEqual([]);
    expect(await comparer.compare(answer({ a: 1 }), answer({ a: 2 }), SETTINGS)).toHaveLength(1);
    const middle = [answer(list(200, 1)), answer(list(200, 2))] as const;
    expect(await comparer.compare(...middle, SETTINGS)).toHaveLength(1);
    expect(comparer.threads).toBe(0);
    const costly = shadowSchema.parse({ compare: { arrays: 'unordered' } });
    expect(await comparer.compare(...middle, costly)).toHaveLength(1);
    expect(comparer.threads).toBe(1);
  });

  it('keeps the loop free meanwhile', async () => {
    comparer = new Comparer();
    await comparer.compare(answer(list(500, 1)), answer(list(500, 2)), SETTINGS);
    // Without order, each element of one side is tried with many of the other: this takes a while.
    const slow = shadowSchema.parse({ compare: { arrays: 'unordered', numbers: { tolerance: 0.1 } } });
    const [left, right] = [
      answer(list(140, 1).map((each) => ({ ...each, wide: list(20, 1), key: each.id }))),
      answer(list(140, 1).map((each) => ({ ...each, wide: list(20, 1), key: each.id + 0.5 }))),
    ];
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const started = performance.now();
    const found = comparer.compare(left, right, slow);
    expect(await found).not.toEqual([]);
    delay.disable();
    const took = performance.now() - started;
    expect(delay.max / 1e6).toBeLessThan(Math.max(took, 200));
  });

  it('gives up on what breaks the thread, and goes on with another one', async () => {
    comparer = new Comparer();
    const large = [answer(list(2000, 1)), answer(list(2000, 2))] as const;
    // Only a defect could make such an answer.
    const broken = (whole: Answer) => ({ ...whole, headers: null }) as unknown as Answer;
    expect(await comparer.compare(large[0], broken(large[1]), SETTINGS)).toBeNull();
    await until(() => comparer.threads === 0);
    expect(await comparer.compare(...large, SETTINGS)).toHaveLength(1);
    expect(await comparer.compare(answer({ a: 1 }), broken(answer({ a: 2 })), SETTINGS)).toBeNull();
  });

  it('answers whoever still waits when it is closed', async () => {
    comparer = new Comparer();
    const found = comparer.compare(answer(list(2000, 1)), answer(list(2000, 2)), SETTINGS);
    comparer.close();
    expect(await found).toBeNull();
    expect(await comparer.compare(answer(list(2000, 1)), answer(list(2000, 2)), SETTINGS)).toBeNull();
  });
});
