import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Twins } from '../testing/twins.ts';
import { twins } from '../testing/twins.ts';
import { relayOnce } from './relay.ts';

/** Each is inserted, updated and mostly deleted: with 70,000 these are 203,000 changes. */
const ROWS = Number(process.env.STRANGLER_TEST_ROWS ?? 70_000);
const MEGABYTE = 2 ** 20;
const LOOK_MS = 500;
const LOOK_SHARE = 9;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let bed: Twins;
afterEach(() => bed.close());

function liveMemory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Runs `work`, and returns the most memory in bytes that was in use while it ran, beyond that before. */
async function growthDuring(work: () => Promise<unknown>): Promise<number> {
  const before = liveMemory();
  let most = before;
  let timer: NodeJS.Timeout;
  // In a worker that has run many tests a collection takes long: looking must not be what is mostly done.
  const lookAfter = (ms: number): void => {
    timer = setTimeout(() => {
      const startedAt = performance.now();
      most = Math.max(most, liveMemory());
      lookAfter(Math.max(LOOK_MS, LOOK_SHARE * (performance.now() - startedAt)));
    }, ms);
  };
  lookAfter(LOOK_MS);
  await work();
  clearTimeout(timer!);
  return most - before;
}

describe('a transaction of many rows', () => {
  it('is carried over in memory that does not grow with it', async () => {
    const ddl = 'CREATE TABLE big (id int PRIMARY KEY, v text, n int); CREATE INDEX ON big (n)';
    bed = await twins({ monolith: ddl, service: ddl, tables: ['big'] });
    // What the process needs for any work at all it has after this.
    await bed.monolith.query(`INSERT INTO big SELECT -i, 'warm', i FROM generate_series(1, 20000) i`);
    await bed.catchUp();
    await bed.monolith.query(`BEGIN;
      INSERT INTO big SELECT i, repeat(md5(i::text), 6), i FROM generate_series(1, ${ROWS}) i;
      UPDATE big SET n = n + 1 WHERE id > 0;
      DELETE FROM big WHERE id > 0 AND id % 10 > 0; COMMIT`);
    const started = performance.now();
    const growth = await growthDuring(() => relayOnce(bed.stream));
    const seconds = (performance.now() - started) / 1000;
    if (process.env.STRANGLER_TEST_ROWS) console.log({ rows: ROWS, growth: growth / MEGABYTE, seconds });
    const count = 'SELECT count(*)::int AS rows, sum(n)::text AS sum FROM big';
    const found = (await bed.service.query<{ rows: number; sum: string }>(count)).rows;
    expect(found).toEqual((await bed.monolith.query<{ rows: number; sum: string }>(count)).rows);
    expect(found[0]?.rows).toBe(20_000 + ROWS / 10);
    // All of it at once would be more than 100 MB.
    expect(growth).toBeLessThan(40 * MEGABYTE);
    await relayOnce(bed.stream);
    const side = await bed.databases.service.sideState('twins');
    expect(await bed.databases.monolith.purge('twins', side?.position ?? '')).toBeGreaterThan(ROWS);
  }, 300_000);
});
