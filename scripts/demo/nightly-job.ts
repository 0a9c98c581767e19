import { join } from 'node:path';
import type { NightlyWrite } from './ledger.ts';
import { count } from './narrator.ts';
import { nightlyDigest } from './read-side.ts';
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
  const newest = Math.max(...scene.ledger.products.keys());
  const before = await nightlyDigest(scene.databases.monolith, newest);
  const { written, failed } = await runNightly(scene);
  if (!failed) throw new NightlyError('was not refused, although the service owns the tables');
  const after = await nightlyDigest(scene.databases.monolith, newest);
  if (written.length > 0 || after !== before) {
    throw new NightlyError(`was refused (${failed.message}), and yet its rows have changed`);
  }
  scene.narrator.good(`refused by the database: ${failed.message}`);
  scene.narrator.good('it changed nothing: its rows have the same digest as before');
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
