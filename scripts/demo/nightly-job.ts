import { join } from 'node:path';
import type { NightlyWrite } from './ledger.ts';
import { count } from './narrator.ts';
import { nightlyRows, type NightlyRows } from './read-side.ts';
import type { Scene } from './scene.ts';

interface NightlyReport {
  written: NightlyWrite[];
  failed: { message: string } | null;
}

/** The old job did something that it must not, or could not do what it must. */
class NightlyError extends Error {
  constructor(message: string) {
    super(`the nightly job ${message}`);
    this.name = 'NightlyError';
  }
}

/** While the monolith is the owner the job works as ever; the ledger learns what it wrote. */
export async function nightlyWorks(scene: Scene): Promise<number> {
  const { written, failed } = await runNightly(scene);
  if (failed) throw new NightlyError(`failed: ${failed.message}`);
  scene.ledger.nightly(written);
  scene.narrator.good(`the job wrote ${count(written.length)} products, past the proxy`);
  return written.length;
}

/** Once the service is the owner the fence must refuse the job, and say why. */
export async function nightlyIsRefused(scene: Scene): Promise<void> {
  const before = await nightlyRows(scene.databases.monolith);
  const { written, failed } = await runNightly(scene);
  if (!failed) throw new NightlyError('was not refused, although the service owns the tables');
  const after = await nightlyRows(scene.databases.monolith);
  if (written.length > 0 || !isUntouched(before, after)) {
    throw new NightlyError(`was refused (${failed.message}), and yet its rows have changed`);
  }
  scene.narrator.good(`refused by the database: ${failed.message}`);
  scene.narrator.good('it changed nothing: its rows are as they were before');
}

/** New products come from the service all the time, by the sync; the job makes none. */
function isUntouched(before: NightlyRows, after: NightlyRows): boolean {
  return (
    before.booked === after.booked &&
    [...before.products].every(([id, text]) => after.products.get(id) === text)
  );
}

/** The last line is the report. */
async function runNightly({ children, narrator, databases }: Scene): Promise<NightlyReport> {
  const file = join('legacy-monolith', 'nightly.ts');
  narrator.command(`node ${file}`);
  const { stdout, stderr } = await children.run([file], { MONOLITH_DATABASE_URL: databases.monolith });
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as NightlyReport;
  } catch {
    throw new NightlyError(`gave no report; it said: ${stderr.trim()}`);
  }
}
