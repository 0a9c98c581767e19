import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs writers in a process of their own and returns how many transactions a second they made. */
export async function writeLoad(
  url: string,
  { seconds, connections, rate }: { seconds: number; connections: number; rate: number },
): Promise<number> {
  const script = join(import.meta.dirname, 'write-load.ts');
  const args = [url, seconds, connections, rate].map(String);
  const { stdout } = await run(process.execPath, [script, ...args]);
  return Number(stdout);
}
