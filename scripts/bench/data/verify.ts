import { backfill } from '../../../migrations/backfill/backfill.ts';
import { verify } from '../../../migrations/verify/verify.ts';
import type { Server } from './bed.ts';
import { openBed } from './bed.ts';
import type { Finding } from './measure.ts';
import { median, rounded, secondsOf } from './measure.ts';

const GOAL = 1.5;
const HASH = (table: string): string =>
  `SELECT md5(string_agg(md5(t::text), '' ORDER BY id)) FROM ${table} t`;

/** A full verify against hashing both tables in plain SQL, both at the same time. */
export async function benchVerify(server: Server, rows: number, rounds: number): Promise<Finding> {
  const bed = await openBed(server, rows);
  await bed.install();
  const { signal } = new AbortController();
  await backfill(bed.stream, { observe: () => undefined, signal });
  await bed.service.query('VACUUM ANALYZE product');
  const [ours, peers]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    peers.push(
      await secondsOf(() =>
        Promise.all([bed.monolith.query(HASH('item')), bed.service.query(HASH('product'))]),
      ),
    );
    ours.push(
      await secondsOf(async () => {
        const { differences, unsettled } = await verify(bed.stream);
        if (differences + unsettled > 0) throw new Error(`verify found ${differences} differences`);
      }),
    );
  }
  await bed.close();
  const [our, peer] = [median(ours), median(peers)];
  return {
    what: `verify of ${rounded(rows)} rows`,
    value: `${our.toFixed(2)} s, ${rounded((2 * rows) / our)} rows/s`,
    peer: `md5 of both tables: ${peer.toFixed(2)} s`,
    ratio: (our / peer).toFixed(2),
    goal: `≤ ${GOAL}`,
    reached: our / peer <= GOAL,
  };
}
