import { relayForever } from '../../../migrations/relay/relay.ts';
import type { Server } from './bed.ts';
import { openBed, startServer, WITHOUT_DISK } from './bed.ts';
import { writeLoad } from './load.ts';
import type { Finding } from './measure.ts';
import { flushMs, median, rounded } from './measure.ts';
import { benchShopWrites } from './shop-writes.ts';

const GOAL = 0.85;
const ROWS = 20_000;
const LOAD = { seconds: 4, connections: 8, rate: 0 };

/**
 * What the reference shop still manages, and what bare writers do that have nothing else to do, with the trigger on their table, with the log read instead, and with the
 * whole sync behind the trigger: on a server that waits for its disk at each commit, as one in production does, and on
 * one that does not, where nothing but the capture's own work is seen.
 */
export async function benchCapture(rounds: number): Promise<Finding[]> {
  return [
    ...(await onServer([], rounds, async ({ folder }) => {
      return `each commit on disk, which takes ${(await flushMs(folder)).toFixed(2)} ms here`;
    })),
    ...(await onServer(WITHOUT_DISK, rounds, async () => 'no commit waits for the disk')),
  ];
}

async function onServer(
  settings: readonly string[],
  rounds: number,
  words: (server: Server) => Promise<string>,
): Promise<Finding[]> {
  const server = await startServer(settings);
  try {
    const where = await words(server);
    return [await benchShopWrites(server, rounds, where), ...(await ratesOn(server, rounds, where))];
  } finally {
    await server.stop();
  }
}

async function ratesOn(server: Server, rounds: number, where: string): Promise<Finding[]> {
  const rates = {
    without: [] as number[],
    captured: [] as number[],
    synced: [] as number[],
    logged: [] as number[],
  };
  for (let round = 0; round < rounds; round += 1) {
    const bed = await openBed(server, ROWS);
    rates.without.push(await writeLoad(bed.urls.monolith, LOAD));
    await bed.install();
    await bed.monolith.query('CHECKPOINT');
    rates.captured.push(await writeLoad(bed.urls.monolith, LOAD));
    const stop = new AbortController();
    const relaying = relayForever(bed.stream, () => undefined, stop.signal);
    rates.synced.push(await writeLoad(bed.urls.monolith, LOAD));
    stop.abort();
    await relaying;
    await bed.close();
    rates.logged.push(await byLog(server));
  }
  const without = median(rates.without);
  const finding = (what: string, values: readonly number[], goal: number | null): Finding => ({
    what: `${what} (${where})`,
    value: `${rounded(median(values))} transactions/s`,
    peer: `the same without: ${rounded(without)}`,
    ratio: (median(values) / without).toFixed(2),
    goal: goal === null ? '' : `≥ ${goal}`,
    reached: goal === null || median(values) / without >= goal,
  });
  return [
    finding('writers with capture by trigger', rates.captured, GOAL),
    finding('writers with capture from the log', rates.logged, GOAL),
    finding('writers with capture, sync at work on the same cores', rates.synced, null),
  ];
}

async function byLog(server: Server): Promise<number> {
  const bed = await openBed(server, ROWS, 'replication');
  await bed.install();
  await bed.monolith.query('CHECKPOINT');
  const rate = await writeLoad(bed.urls.monolith, LOAD);
  await bed.uninstall();
  await bed.close();
  return rate;
}
