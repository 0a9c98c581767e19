import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { OwnerChange } from '../change-owner.ts';
import { changeOwner } from '../change-owner.ts';
import { gatesHold, move } from '../gates.ts';
import { count } from '../narrator.ts';
import type { Mover } from '../scene.ts';
import { strangler } from '../scene.ts';
import type { Day } from './open-day.ts';
import type { ServiceName } from './surroundings.ts';

/** In the order in which one needs the other. */
const ORDER: readonly ServiceName[] = ['catalog', 'cart', 'orders', 'payments'];
const SOME_ORDERS = 15;
const MANY_ORDERS = 100;
const PATIENCE_MS = 120_000;

/** What the day did, for the table at the end. */
export interface DayTravelled {
  ownerChanges: (OwnerChange & { migration: string })[];
  /** Seconds from the bad release to its being taken back; null while it was not. */
  takenBackAfter: number | null;
  nightly: { worked: boolean; refused: boolean };
}

/** Nobody took back what a guardrail has to take back, or a job did what it must not. */
class DayWentWrongError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'DayWentWrongError';
  }
}

/** Extracts all four; what was done so far is in `travelled` even if it ends early. */
export async function travelAll(day: Day, travelled: DayTravelled): Promise<void> {
  day.narrator.step(
    'Morning: the monolith answers everything',
    'People browse, fill carts, check out, look at their orders and payments, and sometimes cancel. A clerk changes',
    'prices. A checkout is one transaction in one database.',
  );
  await day.till.moreOrders(MANY_ORDERS);
  sayTraffic(day);
  for (const migration of ORDER) {
    await extract(day, migration, travelled);
    if (migration === 'cart') await flashSale(day);
  }
  day.narrator.step(
    'Evening: four services',
    'Everything that people need is answered by a service of its own.',
  );
  day.till.era = 'after';
  await day.till.moreOrders(MANY_ORDERS);
  await strangler(day, ['status']);
  sayTraffic(day);
}

const WHY: Record<ServiceName, string[]> = {
  catalog: ['Everything else reads it, so it leaves first.'],
  cart: [
    'The checkout leaves with the carts: from now on it is a saga. It reserves stock in the catalog service, and has',
    'the monolith authorise the payment and place the order, by operations that the proxy does not know.',
  ],
  orders: ['The saga notices that the monolith refuses to place orders, and has the service do it.'],
  payments: ['Its database is no PostgreSQL. The last of the four.'],
};

async function extract(day: Day, migration: ServiceName, travelled: DayTravelled): Promise<void> {
  const mover = { ...day, migration };
  day.narrator.step(`${migration} leaves`, ...WHY[migration]);
  await strangler(mover, ['sync', migration]);
  if (migration === 'catalog') travelled.nightly.worked = (await nightly(day)) === null;
  await move(mover, { verb: 'shadow' });
  await gatesHold(mover, { verb: 'canary', weight: 50 }, 'verify');
  await strangler(mover, ['verify', migration]);
  await move(mover, { verb: 'canary', weight: 50 });
  await day.till.moreOrders(SOME_ORDERS);
  if (migration === 'orders') {
    travelled.takenBackAfter = await releaseBadly(day, mover);
    await move(mover, { verb: 'canary', weight: 50 });
    await day.till.moreOrders(SOME_ORDERS);
  }
  if (migration === 'cart') day.till.era = 'between';
  const change = await changeOwner(mover, 'cutover', `a day in the life: ${migration}`);
  travelled.ownerChanges.push({ migration, ...change });
  if (migration === 'catalog') travelled.nightly.refused = (await nightly(day)) !== null;
  await day.till.moreOrders(SOME_ORDERS);
  sayTraffic(day);
}

async function flashSale(day: Day): Promise<void> {
  day.narrator.step('Noon: a flash sale', 'Everybody wants the same product at the same time.');
  day.crowd.setFlashSale(true);
  await day.till.moreOrders(MANY_ORDERS);
  day.crowd.setFlashSale(false);
  sayTraffic(day);
}

/** A release that fails every third read gets half of the readers, and has to be taken back without anybody's doing. */
async function releaseBadly(day: Day, mover: Mover): Promise<number> {
  const { narrator, control } = day;
  narrator.step(
    'A release of orders that fails a third of its reads',
    'Nobody types anything now. Readers whom it fails are answered by the monolith; a guardrail has to notice.',
  );
  const started = Date.now();
  day.release.isBad = true;
  try {
    for (;;) {
      const { stage } = await control.migration(mover.migration);
      if (stage === 'shadow') break;
      if (Date.now() - started > PATIENCE_MS) {
        throw new DayWentWrongError(`no guardrail took the bad release back in ${PATIENCE_MS / 1000} s`);
      }
      await pause(200);
    }
  } finally {
    day.release.isBad = false;
  }
  const seconds = (Date.now() - started) / 1000;
  await strangler(mover, ['log', mover.migration]);
  narrator.good(`taken back by itself after ${seconds.toFixed(1)} s; the release is mended`);
  return seconds;
}

/** @returns why it was refused; null when it did its work */
async function nightly({ children, narrator, databases }: Day): Promise<string | null> {
  const file = join('legacy-monolith', 'nightly.ts');
  narrator.command(`node ${file} --limit 50`);
  const ended = await children.run([file, '--limit', '50'], { MONOLITH_DATABASE_URL: databases.monolith });
  const report = JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '') as {
    written: unknown[];
    failed: { message: string } | null;
  };
  narrator.say(
    report.failed ? `refused: ${report.failed.message}` : `wrote ${report.written.length} products`,
  );
  return report.failed?.message ?? null;
}

function sayTraffic({ narrator, tally, till }: Day): void {
  const failed = tally.failures.length;
  const words = `${count(tally.sent)} requests so far, ${count(till.receipts.size)} orders, ${failed} failed`;
  if (failed === 0) narrator.good(words);
  else narrator.bad(`${words}; the last: ${tally.failures.at(-1)?.request}: ${tally.failures.at(-1)?.why}`);
}
