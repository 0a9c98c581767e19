import { setTimeout as pause } from 'node:timers/promises';
import { relayForever, relayOnce } from '../../../migrations/relay/relay.ts';
import type { Server } from './bed.ts';
import { connect, openBed } from './bed.ts';
import { writeLoad } from './load.ts';
import type { Finding } from './measure.ts';
import { quantile, rounded } from './measure.ts';

const GOAL_MS = 250;
const LOOK_MS = 5;
const WARM_UP_MS = 1000;

/**
 * How far the follower is behind while rows are written at a steady rate: the age of the newest time stamp that has
 * arrived, looked at all the time. It contains the time since the last write, so it is never too good.
 */
export async function benchLag(server: Server, rate: number, seconds: number): Promise<Finding> {
  const bed = await openBed(server, 20_000);
  await bed.service.query('CREATE INDEX ON product (seen)');
  await bed.install();
  await bed.monolith.query('UPDATE item SET qty = qty');
  while ((await relayOnce(bed.stream)) > 0);
  const stop = new AbortController();
  const relaying = relayForever(bed.stream, () => undefined, stop.signal);
  const eye = await connect(bed.urls.service);
  const ages: number[] = [];
  const writing = writeLoad(bed.urls.monolith, { seconds, connections: 4, rate });
  const endAt = performance.now() + seconds * 1000;
  const countFrom = performance.now() + WARM_UP_MS;
  while (performance.now() < endAt - 200) {
    const { rows } = await eye.query<{ ms: number }>(
      'SELECT extract(epoch FROM clock_timestamp() - max(seen))::float8 * 1000 AS ms FROM product',
    );
    if (performance.now() > countFrom) ages.push(rows[0]?.ms ?? NaN);
    await pause(LOOK_MS);
  }
  const written = await writing;
  stop.abort();
  await relaying;
  await eye.end();
  await bed.close();
  const p99 = quantile(ages, 0.99);
  return {
    what: `lag at ${rounded(written)} single-row transactions a second`,
    value: `p50 ${quantile(ages, 0.5).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
    peer: 'half the rate of live apply, or what the writers manage',
    ratio: '',
    goal: `p99 ≤ ${GOAL_MS} ms`,
    reached: p99 <= GOAL_MS,
  };
}
