import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { backfill } from '../../../migrations/backfill/backfill.ts';
import type { Server } from './bed.ts';
import { openBed } from './bed.ts';
import type { Finding } from './measure.ts';
import { median, rounded, secondsOf, WARM_UP } from './measure.ts';

const GOAL = 0.5;

/** The backfill against `COPY` out of one table and into the other, with the same index, in the same rounds. */
export async function benchBackfill(server: Server, rows: number, rounds: number): Promise<Finding> {
  const [ours, peers]: [number[], number[]] = [[], []];
  for (let round = -WARM_UP; round < rounds; round += 1) {
    const bed = await openBed(server, rows);
    const copied = await secondsOf(() =>
      pipeline(
        bed.monolith.query(copyTo('COPY item TO STDOUT')),
        bed.service.query(copyFrom('COPY product FROM STDIN')),
      ),
    );
    await bed.service.query('TRUNCATE product');
    await bed.install();
    const { signal } = new AbortController();
    const filled = await secondsOf(() => backfill(bed.stream, { observe: () => undefined, signal }));
    const { rows: found } = await bed.service.query<{ n: string }>('SELECT count(*) AS n FROM product');
    if (Number(found[0]?.n) !== rows) throw new Error(`${found[0]?.n} of ${rows} rows were copied`);
    await bed.close();
    if (round < 0) continue;
    peers.push(rows / copied);
    ours.push(rows / filled);
  }
  const [our, peer] = [median(ours), median(peers)];
  return {
    what: `backfill of ${rounded(rows)} rows`,
    value: `${rounded(our)} rows/s`,
    peer: `COPY out and in: ${rounded(peer)} rows/s`,
    ratio: (our / peer).toFixed(2),
    goal: `≥ ${GOAL}`,
    reached: our / peer >= GOAL,
  };
}
