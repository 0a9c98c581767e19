import type { OwnerChange } from './change-owner.ts';
import { changeOwner } from './change-owner.ts';
import { gatesHold, move } from './gates.ts';
import { count } from './narrator.ts';
import { nightlyIsRefused, nightlyWorks } from './nightly-job.ts';
import { sabotage } from './sabotage.ts';
import type { Scene } from './scene.ts';
import { strangler } from './scene.ts';

/** Writes that flow in a stage before the next step: enough to go wrong. */
const SOME_WRITES = 200;

export interface Copied {
  rows: number;
  seconds: number;
}

export interface Verified {
  rows: number;
  differences: number;
}

/** What the journey did, for the table at the end. */
export interface Travelled {
  copied: Copied | null;
  verified: Verified[];
  ownerChanges: OwnerChange[];
  nightlyWrites: number;
}

/** Takes the catalog through its whole life; what was done so far is in `travelled` even if it ends early. */
export async function travel(scene: Scene, travelled: Travelled, withSabotage: boolean): Promise<void> {
  await lookAround(scene);
  await copy(scene, travelled);
  await dualWrite(scene, travelled);
  await shadow(scene, travelled);
  await canary(scene);
  await cutOver(scene, travelled);
  await rollBack(scene, travelled);
  await cutOverAgain(scene, travelled);
  if (withSabotage) await beSabotaged(scene, travelled);
}

async function lookAround(scene: Scene): Promise<void> {
  scene.narrator.step(
    'legacy: the monolith answers everything',
    'Customers come through the proxy from now on, without a pause until the end: they browse, change prices, book',
    'stock, create and delete products, and buy. Every answer is checked, every acknowledged write goes in a ledger.',
  );
  await strangler(scene, ['status']);
  await scene.tally.moreWrites(SOME_WRITES);
  sayTraffic(scene);
}

async function copy(scene: Scene, travelled: Travelled): Promise<void> {
  scene.narrator.step(
    'dual-write: the service gets the data',
    'Triggers note each write in the transaction that makes it. Existing rows are copied while the shop is open.',
  );
  const started = Date.now();
  await strangler(scene, ['sync', 'catalog']);
  const seconds = (Date.now() - started) / 1000;
  const { sync } = await scene.control.migration('catalog');
  const rows = (sync?.backfill ?? []).reduce((sum, table) => sum + table.rows, 0);
  travelled.copied = { rows, seconds };
  scene.narrator.good(
    `${count(rows)} rows copied in ${seconds.toFixed(1)} s, ${count(rows / seconds)} rows/s`,
  );
}

async function dualWrite(scene: Scene, travelled: Travelled): Promise<void> {
  scene.narrator.step(
    'The nightly job, older than any API',
    "It writes prices and stock straight into the monolith's tables. What is captured in the database is captured",
    'whoever writes: these changes must arrive at the service too.',
  );
  travelled.nightlyWrites = await nightlyWorks(scene);
  await scene.tally.moreWrites(SOME_WRITES);
  sayTraffic(scene);
}

async function shadow(scene: Scene, travelled: Travelled): Promise<void> {
  scene.narrator.step(
    'shadow: the service answers too, and nobody hears it',
    'A sample of reads goes to both sides after the client has its answer. The answers are compared.',
  );
  await move(scene, { verb: 'shadow' });
  await gatesHold(scene, { verb: 'canary', weight: 10 }, 'verify');
  const { shadow: seen } = await scene.control.migration('catalog');
  if (seen) scene.narrator.good(`${seen.compared} answers compared, ${seen.differed} differ`);
  await verify(scene, travelled);
}

async function canary(scene: Scene): Promise<void> {
  scene.narrator.step(
    'canary: some visitors are answered by the service',
    'Who is among them stays among them. Writes still go to the monolith, and so do the reads of whoever wrote a',
    'moment ago: they must see what they wrote.',
  );
  for (const weight of [10, 50]) {
    await move(scene, { verb: 'canary', weight });
    await scene.tally.moreWrites(SOME_WRITES);
    const { weightActual } = await scene.control.migration('catalog');
    scene.narrator.say(
      `Over the last minute, this stage and before, the service has answered ${weightActual ?? 0} % of the reads.`,
    );
  }
  sayTraffic(scene);
}

async function cutOver(scene: Scene, travelled: Travelled): Promise<void> {
  scene.narrator.step(
    'cutover: the service becomes the owner',
    'New writes wait in the proxy while the old owner is fenced and its last changes are carried over. Then they',
    'go on, to the new owner. Reads do not wait, and no write may fail or get lost.',
  );
  await gatesHold(scene, { verb: 'cutover' });
  await strangler(scene, ['cutover', 'catalog', '--dry-run']);
  travelled.ownerChanges.push(await changeOwner(scene, 'cutover', 'the canary did well'));
  scene.narrator.step(
    'The nightly job again',
    "It does not know that its tables have a new owner. The monolith's database does.",
  );
  await nightlyIsRefused(scene);
  await scene.tally.moreWrites(SOME_WRITES);
  sayTraffic(scene);
}

async function rollBack(scene: Scene, travelled: Travelled): Promise<void> {
  scene.narrator.step(
    'rollback: the way back, with everything that was written since',
    'The same protocol in the other direction. The monolith was kept in step, so it costs nothing.',
  );
  travelled.ownerChanges.push(await changeOwner(scene, 'rollback', 'to show that it works'));
  await scene.tally.moreWrites(SOME_WRITES);
  sayTraffic(scene);
}

async function cutOverAgain(scene: Scene, travelled: Travelled): Promise<void> {
  scene.narrator.step(
    'Forward again',
    'A comparison from before the rollback says nothing about now: it has to be made again.',
  );
  await verify(scene, travelled);
  travelled.ownerChanges.push(await changeOwner(scene, 'cutover', 'this time to stay'));
  await scene.tally.moreWrites(SOME_WRITES);
  sayTraffic(scene);
}

async function beSabotaged(scene: Scene, travelled: Travelled): Promise<void> {
  scene.narrator.step(
    'Sabotage: does the checker see it?',
    "A trigger of the demo leaves out one in a thousand movements on their way back into the monolith's table.",
  );
  await sabotage(scene);
  scene.narrator.say("The product's own comparison has to find it, and so has the check afterwards.");
  await verify(scene, travelled, true);
}

async function verify(scene: Scene, travelled: Travelled, mayDiffer = false): Promise<void> {
  await strangler(scene, ['verify', 'catalog'], mayDiffer ? [1] : []);
  const { verify: found } = await scene.control.migration('catalog');
  if (found) travelled.verified.push({ rows: found.rowsCompared, differences: found.differences });
}

function sayTraffic({ narrator, tally }: Scene): void {
  const failed = tally.failures.length;
  const words = `${count(tally.sent)} requests so far, ${count(tally.writes)} writes acknowledged, ${failed} failed`;
  if (failed === 0) narrator.good(words);
  else narrator.bad(`${words}; the last: ${tally.failures.at(-1)?.request}: ${tally.failures.at(-1)?.why}`);
}
