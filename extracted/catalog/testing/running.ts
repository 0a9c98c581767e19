import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createScratchDatabase, rowsOf } from './scratch-database.ts';

const ROOT = new URL('../../../', import.meta.url);

export interface Running {
  url: string;
  databaseUrl: string;
  process: ChildProcess;
  rows: <Row>(sql: string) => Promise<Row[]>;
  stop: () => Promise<void>;
}

/** Starts an application as its users do, on a database of its own, and waits for the line with its URL. */
async function start(entry: string, databaseVariable: string, seed: string): Promise<Running> {
  const scratch = await createScratchDatabase();
  const child = spawn(process.execPath, [fileURLToPath(new URL(entry, ROOT))], {
    env: { ...process.env, PORT: '0', [databaseVariable]: scratch.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  await rowsOf(scratch.url, seed);
  return {
    url: line.replace(/^.* ready at /, ''),
    databaseUrl: scratch.url,
    process: child,
    rows: (sql) => rowsOf(scratch.url, sql),
    stop: async () => {
      const exit = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill();
      await exit;
      await scratch.drop();
    },
  };
}

export const startCatalog = (seed: string) =>
  start('extracted/catalog/main.ts', 'CATALOG_DATABASE_URL', seed);
export const startMonolith = (seed: string) =>
  start('legacy-monolith/main.ts', 'MONOLITH_DATABASE_URL', seed);
