import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { verify } from '../verify/verify.ts';
import { backfill } from './backfill.ts';

const ROWS = 30_000;

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.monolith.query(`INSERT INTO maker (nm) SELECT 'm' || i FROM generate_series(1, $1::int) i`, [
    ROWS,
  ]);
  await bed.install();
});
afterEach(() => bed.close());

/** A process that copies, writes how many rows it has after each chunk, and can be held. */
function copier(held: boolean) {
  const here = (path: string): string => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
  const script = `
    import { openDatabase } from ${here('../databases/open.ts')};
    import { openSynced, streamFrom } from ${here('../lifecycle/capability.ts')};
    import { backfill } from ${here('./backfill.ts')};
    const [monolith, service, pairs] = JSON.parse(process.argv[1]);
    const databases = { monolith: openDatabase(monolith, 'monolith'), service: openDatabase(service, 'service') };
    const synced = await openSynced({ name: 'catalog', service: 'catalog', pairs, databases });
    await backfill(streamFrom(synced, 'monolith', 0), {
      observe: ([makers]) => console.log(makers.rests === '' ? makers.rows : makers.rests),
      heldBecause: () => ${held ? `'paused by anna'` : 'null'},
      signal: new AbortController().signal,
    });`;
  const order = JSON.stringify([bed.urls.monolith, bed.urls.service, bed.capability.pairs]);
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, order], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, lines: createInterface(child.stdout) };
}

const copied = async (): Promise<number> =>
  (await bed.databases.service.progress('catalog')).backfill.get('maker')?.rows ?? 0;

it('a copy whose process is killed goes on where it was, and stays held while it is', async () => {
  const first = copier(false);
  for await (const line of first.lines) {
    if (Number(line) === 0) continue;
    first.child.kill('SIGKILL');
    break;
  }
  if (first.child.signalCode === null) await once(first.child, 'exit');
  const rows = await copied();
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThan(ROWS);

  const held = copier(true);
  for await (const line of held.lines) {
    if (line !== 'paused by anna') continue;
    held.child.kill('SIGKILL');
    break;
  }
  if (held.child.signalCode === null) await once(held.child, 'exit');
  expect(await copied()).toBe(rows);

  let before = Infinity;
  await backfill(bed.stream, {
    observe: ([makers]) => (before = Math.min(before, makers?.rows ?? Infinity)),
    signal: new AbortController().signal,
  });
  expect(before).toBe(rows);
  expect(await copied()).toBe(ROWS);
  expect(await verify(bed.stream)).toMatchObject({ differences: 0, unsettled: 0 });
});
