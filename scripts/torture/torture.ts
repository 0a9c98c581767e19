import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HELP, readOptions, UsageError } from './options.ts';
import type { TortureOptions } from './options.ts';
import { randomOf } from './random.ts';
import { resultTable } from './result.ts';
import { run } from './run.ts';
import type { CleanUp } from './scene.ts';
import { setTheScene } from './scene.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '.strangler', 'torture');
const INTERRUPTED = 130;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const started = performance.now();
  const say = (line: string): void => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`${seconds} ${line}\n`);
  };
  const folder = join(FOLDER, `${options.seed.replace(/[^\w.-]/g, '_')}-${process.pid}`);
  say(`seed ${options.seed}; data in ${folder}`);
  const cleanUp: CleanUp = [];
  const interrupted = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve(INTERRUPTED));
  });
  const code = await Promise.race([torture(options, folder, cleanUp, say), interrupted]).catch(
    (error: unknown) => {
      say(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return 1;
    },
  );
  for (const undo of cleanUp.reverse()) await undo().catch(() => undefined);
  if (code === 0 && !options.keep) await rm(folder, { recursive: true, force: true });
  else say(`the data stay in ${folder}`);
  return code;
}

async function torture(
  options: TortureOptions,
  folder: string,
  cleanUp: CleanUp,
  say: (line: string) => void,
): Promise<number> {
  await mkdir(folder, { recursive: true });
  const scene = await setTheScene(options, folder, randomOf(options.seed), cleanUp, say);
  const result = await run(scene, options);
  process.stdout.write(`${resultTable(result)}\n`);
  return result.cases.length === 0 ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`torture: ${error.message}\n`);
  process.exit(2);
}
