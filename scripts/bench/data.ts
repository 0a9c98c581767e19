import Table from 'cli-table3';
import { Command } from 'commander';
import { benchBackfill } from './data/backfill.ts';
import { startServer } from './data/bed.ts';
import { benchCapture } from './data/capture.ts';
import { benchLag } from './data/lag.ts';
import { benchLive } from './data/live.ts';
import type { Finding } from './data/measure.ts';
import { benchScale } from './data/scale.ts';
import { benchVerify } from './data/verify.ts';

/**
 * What the data side costs and how fast it is, as ratios against peers in the same run: `npm run bench:data`. Rounds
 * are interleaved with the peer's, and medians are shown. A server of its own is started for it.
 */
const number = (text: string): number => Number(text);
const PARTS = ['backfill', 'live', 'lag', 'capture', 'verify', 'scale'] as const;
const options = new Command('bench:data')
  .option('--rows <n>', 'rows of backfill and verify', number, 200_000)
  .option('--changes <n>', 'changes of live apply', number, 30_000)
  .option('--rounds <n>', 'rounds of each', number, 3)
  .option('--only <part>', `one of ${PARTS.join(', ')}`)
  .parse()
  .opts<{ rows: number; changes: number; rounds: number; only?: string }>();

const isWanted = (part: (typeof PARTS)[number]): boolean => (options.only ?? part) === part;

const show = ({ what, value, peer, ratio, goal, reached }: Finding): void => {
  const against = [peer, ratio && `ratio ${ratio}`, goal && `goal ${goal}${reached ? '' : ': NOT REACHED'}`];
  process.stdout.write(`${what}: ${value}; ${against.filter(Boolean).join('; ')}\n`);
};

const server = await startServer();
try {
  if (isWanted('backfill')) show(await benchBackfill(server, options.rows, options.rounds));
  if (isWanted('live') || isWanted('lag')) {
    const { finding, changesPerSecond } = await benchLive(server, options.changes, options.rounds);
    show(finding);
    show(await benchLag(server, changesPerSecond / 2, 10));
  }
  if (isWanted('capture')) for (const finding of await benchCapture(options.rounds)) show(finding);
  if (isWanted('verify')) show(await benchVerify(server, options.rows, options.rounds));
  if (isWanted('scale')) {
    const table = new Table({ head: ['rows', 'backfill a row', 'verify a row', 'memory at most'] });
    table.push(...(await benchScale(server, [10_000, 100_000, 1_000_000])));
    process.stdout.write(`${table.toString()}\n`);
  }
} finally {
  await server.stop();
}
