import { setTimeout as pause } from 'node:timers/promises';
import { connect } from './bed.ts';

/**
 * Writers in a process of their own: `node write-load.ts url seconds connections rate`. Each updates one row a
 * transaction; `rate` is for all together, 0 for as fast as they can. Says how many transactions a second it made.
 */
const [url = '', seconds = '1', connections = '1', rate = '0'] = process.argv.slice(2);
const ROWS = 20_000;

const endAt = performance.now() + Number(seconds) * 1000;
const everyMs = Number(rate) === 0 ? 0 : (1000 * Number(connections)) / Number(rate);

async function write(writer: number): Promise<number> {
  const client = await connect(url);
  let done = 0;
  const startedAt = performance.now();
  for (; performance.now() < endAt; done += 1) {
    const id = 1 + (((done * Number(connections) + writer) * 7919) % ROWS);
    await client.query({
      name: 'write',
      text: 'UPDATE item SET qty = qty + 1, seen = clock_timestamp() WHERE id = $1',
      values: [id],
    });
    const early = startedAt + done * everyMs - performance.now();
    if (early > 1) await pause(early);
  }
  await client.end();
  return done;
}

const counts = await Promise.all(Array.from({ length: Number(connections) }, (_, writer) => write(writer)));
const written = counts.reduce((sum, count) => sum + count, 0);
process.stdout.write(`${written / Number(seconds)}\n`);
