import { setTimeout as pause } from 'node:timers/promises';
import { parse } from 'yaml';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { caughtUp } from '../gates.ts';
import type { CleanUp } from '../open-shop.ts';
import type { Narrator } from '../narrator.ts';
import { count, milliseconds } from '../narrator.ts';
import type { DemoOptions } from '../options.ts';
import { reading } from '../read-side.ts';
import { strangler } from '../scene.ts';
import type { Failure, Times } from '../tally.ts';
import { timesOf } from '../tally.ts';
import { table } from '../../commands/show/table.ts';
import { checkBooks } from './books.ts';
import type { DayTravelled } from './journey.ts';
import { travelAll } from './journey.ts';
import type { Day } from './open-day.ts';
import { openDay } from './open-day.ts';

const SETTLE_MS = 60_000;
const SHOWN = 20;
const CONFIG = join(import.meta.dirname, '..', '..', '..', 'legacy-monolith', 'strangler.yaml');

/** How the day ended, in figures. */
export interface DayResult {
  ok: boolean;
  stoppedBy: string | null;
  seconds: number;
  routesMoved: number;
  requests: { sent: number; failed: number; failures: Failure[] };
  orders: number;
  /** What the books say against the receipts, in words; none is lost when there are none. */
  faults: string[];
  /** Checkouts as a transaction of the monolith, and as a saga over four services. */
  checkout: { before: Times; after: Times };
  ownerChanges: DayTravelled['ownerChanges'];
  takenBackAfter: number | null;
  nightly: DayTravelled['nightly'];
}

/** Plays the whole day, and judges it. */
export async function playDay(
  options: DemoOptions,
  narrator: Narrator,
  ending: AbortController,
  cleanUp: CleanUp,
): Promise<{ result: DayResult; day: Day }> {
  const started = Date.now();
  const day = await openDay(options, narrator, ending, cleanUp);
  const nightly = { worked: false, refused: false };
  const travelled: DayTravelled = { ownerChanges: [], takenBackAfter: null, nightly };
  const stoppedBy = await travelAll(day, travelled).then(() => null, wordsOf);
  if (stoppedBy !== null) narrator.bad(stoppedBy);
  narrator.step('The books', 'People go home. What the shop acknowledged is held to every database.');
  await day.crowd.stop();
  const late = await settle(day).then(
    () => [],
    (error: unknown) => [wordsOf(error)],
  );
  const faults = [...late, ...(await checkBooks(day))];
  const { failures, sent } = day.tally;
  const result: DayResult = {
    ok:
      stoppedBy === null && failures.length === 0 && faults.length === 0 && nightly.worked && nightly.refused,
    stoppedBy,
    seconds: Math.round((Date.now() - started) / 1000),
    routesMoved: await countRoutes(travelled.ownerChanges.map(({ migration }) => migration)),
    requests: { sent, failed: failures.length, failures: failures.slice(0, SHOWN) },
    orders: day.till.receipts.size,
    faults: faults.slice(0, SHOWN),
    checkout: {
      before: timesOf([...day.till.checkouts('before')]),
      after: timesOf([...day.till.checkouts('after')]),
    },
    ...travelled,
  };
  return { result, day };
}

/** What is only late is no fault: checkouts are settled, followers have everything, and the product finds no difference. */
async function settle(day: Day): Promise<void> {
  const until = Date.now() + SETTLE_MS;
  const OPEN = `SELECT count(*)::integer AS open FROM checkout WHERE step NOT IN ('done', 'taken-back')`;
  for (;;) {
    const open = await reading(day.databases.cart, async (client) => {
      return (await client.query<{ open: number }>(OPEN)).rows[0]?.open;
    });
    if (open === 0) break;
    if (Date.now() > until) throw new Error(`${open} checkouts are still open after ${SETTLE_MS / 1000} s`);
    await pause(200);
  }
  for (const { name } of await day.control.migrations()) {
    await caughtUp({ ...day, migration: name });
    await strangler(day, ['verify', name]);
  }
}

/** The routes of the migrations that a service owns now, each method counted. */
async function countRoutes(moved: readonly string[]): Promise<number> {
  const { migrations } = parse(await readFile(CONFIG, 'utf8')) as {
    migrations: Record<string, { routes: string[] }>;
  };
  const routes = moved.flatMap((name) => migrations[name]?.routes ?? []);
  return routes.reduce((sum, route) => sum + (route.split(' ')[0]?.split(',').length ?? 0), 0);
}

/** The table at the end. */
export function dayTable(result: DayResult): string {
  const { requests, checkout } = result;
  const times = ({ count: n, p50, p99 }: Times) =>
    `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)} (${count(n)})`;
  return table(
    [],
    [
      ['routes moved', count(result.routesMoved)],
      ['requests', `${count(requests.sent)} sent, ${count(requests.failed)} failed`],
      ['orders', `${count(result.orders)} acknowledged`],
      ['writes lost', count(result.faults.length)],
      ['checkout, one transaction', times(checkout.before)],
      ['checkout, a saga over four', times(checkout.after)],
      ...result.ownerChanges.map(({ migration, tookMs, held }) => [
        `cutover of ${migration}`,
        `took ${milliseconds(tookMs)}; ${held.count} writes waited, at most ${milliseconds(held.max)}`,
      ]),
      [
        'bad release taken back',
        result.takenBackAfter === null ? 'never' : `by itself, after ${result.takenBackAfter.toFixed(1)} s`,
      ],
      [
        'nightly job',
        `${result.nightly.worked ? 'worked before' : 'did not work'}, ${result.nightly.refused ? 'refused after' : 'not refused'}`,
      ],
      ['time', `${result.seconds} s`],
    ],
  );
}

/** What the figures mean for who waits at the till. */
export function honestWord({ checkout: { before, after } }: DayResult): string {
  if (after.count === 0) return 'The day ended before there was a checkout over four services to tell of.';
  const slower = before.p50 !== null && after.p50 !== null && after.p50 > before.p50;
  return slower
    ? 'A single checkout takes longer as a saga: four databases commit one after the other where one did.'
    : 'A single checkout is no slower as a saga than it was as a transaction.';
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
