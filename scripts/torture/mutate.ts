import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { MUTATIONS } from './mutations.ts';
import type { Edit, Mutation } from './mutations.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, '.strangler', 'mutations');
/** What the product is made of. */
const TREE = ['migrations', 'proxy', 'scripts', 'package.json'];
const CAUGHT = 1;
const CASE = /^\s*[\d.]+ (lost|doubled|reordered|resurrected|difference|not allowed) in /;

/** The text that a mutation replaces is not there, or not only once: the mutation has to learn what it is now. */
export class StaleMutationError extends Error {
  constructor(mutation: string, { file, find }: Edit, times: number) {
    super(`mutation "${mutation}": this is ${times} times in ${file}, and has to be there once:\n${find}`);
    this.name = 'StaleMutationError';
  }
}

/**
 * The text of a file with an edit in it.
 * @throws StaleMutationError
 */
export function edited(mutation: string, edit: Edit, text: string): string {
  const times = text.split(edit.find).length - 1;
  if (times !== 1) throw new StaleMutationError(mutation, edit, times);
  return text.replace(edit.find, () => edit.replace);
}

interface Outcome {
  caughtBy: string;
  seconds: number;
  isCaught: boolean;
}

/** Runs the torture on a copy of the product that has the mistake in it. */
async function outcomeOf(mutation: Mutation, seconds: number, seed: string): Promise<Outcome> {
  const product = join(FOLDER, `${process.pid}`);
  await mkdir(product, { recursive: true });
  try {
    for (const name of TREE) await cp(join(ROOT, name), join(product, name), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(product, 'node_modules'));
    for (const edit of mutation.edits) {
      const file = join(product, edit.file);
      await writeFile(file, edited(mutation.name, edit, await readFile(file, 'utf8')));
    }
    return await torture(product, mutation.args ?? [], seconds, seed);
  } finally {
    await rm(product, { recursive: true, force: true });
  }
}

async function torture(
  product: string,
  args: readonly string[],
  seconds: number,
  seed: string,
): Promise<Outcome> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'torture.ts'),
      ...['--product', product, '--seconds', String(seconds), '--seed', seed, '--patience', '60', ...args],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  // What never came is no catch: a fault may wait for a statement that the mistake has taken away, and tell nothing of it.
  const cases = said.split('\n').filter((line) => CASE.test(line));
  const isCaught = code === CAUGHT && cases.length > 0;
  if (!isCaught) await writeFile(join(FOLDER, 'missed.log'), said);
  return {
    isCaught,
    seconds: (performance.now() - started) / 1000,
    caughtBy:
      cases[0]?.trim().slice(0, 160) ??
      (said.trim().split('\n').at(-1) ?? `ended with ${code}`).slice(0, 160),
  };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, seconds: { type: 'string' }, seed: { type: 'string' } },
  });
  const chosen = MUTATIONS.filter(({ name }) => name.includes(values.only ?? ''));
  const table = new Table({
    head: ['mutation', 'caught', 'after', 'by'],
    wordWrap: true,
    colWidths: [30, 8, 9, 90],
    style: { head: [], border: [] },
  });
  let missed = 0;
  for (const mutation of chosen) {
    const outcome = await outcomeOf(mutation, Number(values.seconds ?? 90), values.seed ?? '1');
    if (!outcome.isCaught) missed += 1;
    const row = [
      mutation.name,
      outcome.isCaught ? 'yes' : 'NO',
      `${outcome.seconds.toFixed(0)} s`,
      outcome.caughtBy,
    ];
    process.stdout.write(`${row.join(' | ')}\n`);
    table.push(row);
  }
  process.stdout.write(`${table.toString()}\n`);
  return missed === 0 ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) process.exit(await main());
