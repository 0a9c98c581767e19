import { Command } from 'commander';
import { setTimeout as pause } from 'node:timers/promises';
import { replayControl } from '../testing/replay-control.ts';
import { openBed, TABLES } from './cutover/bed.ts';
import type { Bed } from './cutover/bed.ts';
import { changeOwner, prepare } from './cutover/changes.ts';
import type { OwnerChange } from './cutover/changes.ts';
import { phasesInWords } from './cutover/phases.ts';
import type { Sent } from './cutover/writers.ts';
import { Writers } from './cutover/writers.ts';
import { median, quantile, rounded } from './data/measure.ts';

/**
 * How long writes wait at a change of owner: `npm run bench:cutover`. Two proxies, a steady load, the owner there and
 * back; in every other change a process is killed with -9, a random one at a random moment. In the end every
 * acknowledged write has to be on both sides, and what each run did has to be what the protocol allows.
 */
const CAP_MS = 2000;
const GOAL_P99_MS = 250;
/** Processes that have just been started are slow, and nobody orders a change of owner in their first second. */
const WARM_UP_MS = 10_000;
const ARRIVE_MS = 30_000;
const number = (text: string): number => Number(text);
const options = new Command('bench:cutover')
  .option('--changes <n>', 'changes of owner', number, 50)
  .option('--rate <n>', 'writes a second, over both proxies', number, 500)
  .option('--no-kills', 'kill nothing')
  .parse()
  .opts<{ changes: number; rate: number; kills: boolean }>();

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const bed = await openBed(say);
try {
  await prepare(bed);
  const writers = new Writers(bed.proxies, options.rate);
  await pause(WARM_UP_MS);
  const changes: OwnerChange[] = [];
  for (let n = 0; n < options.changes; n += 1) {
    const change = await changeOwner(bed, writers, options.kills && n % 2 === 1);
    changes.push(change);
    say(
      `${n + 1}. ${change.verb} to epoch ${change.epoch}: ${change.tookMs.toFixed(0)} ms, ${change.held.length} writes waited, ` +
        `longest ${(change.held.at(-1) ?? 0).toFixed(0)} ms${change.killed ? `; killed ${change.killed}` : ''}` +
        `${change.givenUp > 0 ? `; given up ${change.givenUp} times before` : ''}`,
    );
  }
  await writers.stop();
  process.exitCode = (await summary(bed, writers, changes)) ? 0 : 1;
} finally {
  await bed.stop();
}

/** Says what came of it; true when every promise was kept. */
async function summary(bed: Bed, writers: Writers, changes: readonly OwnerChange[]): Promise<boolean> {
  const held = (of: readonly OwnerChange[]): string => {
    const all = of.flatMap((change) => change.held).sort((a, b) => a - b);
    if (all.length === 0) return 'none';
    const worst = of.map((change) => quantile(change.held, 0.99)).filter(Number.isFinite);
    return (
      `${rounded(all.length)} writes in ${of.length} changes: p50 ${quantile(all, 0.5).toFixed(0)} ms, ` +
      `p99 ${quantile(all, 0.99).toFixed(0)} ms, longest ${(all.at(-1) ?? 0).toFixed(0)} ms; ` +
      `p99 of a change: median ${median(worst).toFixed(0)} ms`
    );
  };
  const calm = changes.filter(({ killed }) => !killed);
  const violent = changes.filter(({ killed }) => killed);
  const [acknowledged, cut, failed] = [
    writers.all.filter(({ status }) => status === 200),
    writers.all.filter(({ status }) => status === 0 || status === null),
    writers.all.filter(({ status }) => status !== null && status !== 0 && status !== 200),
  ];
  const lost = await neverArrived(bed, acknowledged);
  const { wrong, runs } = await replayControl(bed.store);
  const waits = changes.flatMap((change) => change.held).sort((a, b) => a - b);
  const p99 = quantile(waits, 0.99);
  say(`writes waited, nothing killed: ${held(calm)}`);
  say(`writes waited, a process killed: ${held(violent)}`);
  say(
    `over all: p99 ${p99.toFixed(0)} ms, goal ≤ ${GOAL_P99_MS} ms; longest ${(waits.at(-1) ?? 0).toFixed(0)} ms, cap ${CAP_MS} ms`,
  );
  say(
    `writes: ${rounded(writers.all.length)} sent, ${rounded(acknowledged.length)} acknowledged, ${failed.length} failed` +
      `${failed.length > 0 ? ` (${[...new Set(failed.map(({ status }) => status))].join(', ')})` : ''}, ` +
      `${cut.length} cut off with a proxy that was killed; ${lost.length} lost`,
  );
  say(phasesInWords(runs, changes));
  say(
    `protocol: ${runs.length} runs replayed, ${wrong.length} steps that it does not allow${wrong.map((line) => `\n  ${line}`).join('')}`,
  );
  return lost.length === 0 && failed.length === 0 && wrong.length === 0 && (waits.at(-1) ?? 0) <= CAP_MS;
}

/** Those that are not on both sides, once the sync has had its time for the last of them. */
async function neverArrived({ applications }: Bed, acknowledged: readonly Sent[]): Promise<Sent[]> {
  const { monolith, service } = applications;
  const giveUpAt = performance.now() + ARRIVE_MS;
  for (;;) {
    const sides = [await monolith.numbers(TABLES.monolith), await service.numbers(TABLES.service)];
    const missing = acknowledged.filter((sent) => sides.some((side) => !side.has(sent.number)));
    if (missing.length === 0 || performance.now() > giveUpAt) return missing;
    await pause(100);
  }
}
