import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SourceRow } from '../databases/database.ts';
import { relayOnce } from '../relay/relay.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import type { BackfillReport } from './backfill.ts';
import { backfill, writeChunk } from './backfill.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
});
afterEach(() => bed.close());

const names = async (): Promise<string[]> =>
  (await bed.service.query<{ name: string }>('SELECT name FROM manufacturer ORDER BY id')).rows.map(
    (r) => r.name,
  );

const makers = { name: 'maker', key: ['id'], columns: ['id', 'nm'] };
const readChunk = (): Promise<SourceRow[]> => bed.databases.monolith.readChunk('catalog', makers, null, 100);
const write = (chunk: SourceRow[]): Promise<void> =>
  writeChunk(bed.stream, 'maker', chunk, () => ({ after: null, rows: chunk.length, done: true, seconds: 0 }));

const copyAll = (options: Partial<Parameters<typeof backfill>[1]> = {}): Promise<void> =>
  backfill(bed.stream, {
    observe: () => undefined,
    mustWait: () => false,
    signal: new AbortController().signal,
    ...options,
  });

describe('a chunk that was read before a change and is written after it', () => {
  beforeEach(async () => {
    await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES (1, 'old'), (2, 'stays')`);
    await bed.install();
  });

  it('does not overwrite the newer row', async () => {
    const chunk = await readChunk();
    await bed.monolith.query(`UPDATE maker SET nm = 'new' WHERE id = 1`);
    await relayOnce(bed.stream);
    await write(chunk);
    expect(await names()).toEqual(['new', 'stays']);
  });

  it('does not bring a deleted row back', async () => {
    const chunk = await readChunk();
    await bed.monolith.query('DELETE FROM maker WHERE id = 1');
    await relayOnce(bed.stream);
    await write(chunk);
    expect(await names()).toEqual(['stays']);
  });

  it('does not overwrite it even when the change was purged from the source meanwhile', async () => {
    const chunk = await readChunk();
    await bed.monolith.query(`UPDATE maker SET nm = 'new' WHERE id = 1`);
    await bed.purgeAll();
    await write(chunk);
    expect(await names()).toEqual(['new', 'stays']);
  });
});

describe('a chunk that contains a change which is relayed after it', () => {
  it('is not turned back by that change or any before it', async () => {
    await bed.install();
    await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES (1, 'a')`);
    await bed.monolith.query(`UPDATE maker SET nm = 'b' WHERE id = 1`);
    await write(await readChunk());
    await relayOnce(bed.stream);
    expect(await names()).toEqual(['b']);
  });
});

describe('the backfill', () => {
  beforeEach(async () => {
    await bed.monolith.query(`INSERT INTO maker (nm) SELECT 'm' || i FROM generate_series(1, 4100) i`);
    await bed.monolith.query(
      `INSERT INTO item (code, maker_id, price, qty) SELECT 'c' || i, i, 1.5, i FROM generate_series(1, 100) i`,
    );
    await bed.install();
  });

  const count = async (table: string): Promise<number> =>
    Number((await bed.service.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)).rows[0]?.n);

  it('copies every table, parents first, and reports rows, rate and the end', async () => {
    let last: BackfillReport[] = [];
    await copyAll({ observe: (reports) => (last = structuredClone(reports)) });
    expect([await count('manufacturer'), await count('product'), await count('stock')]).toEqual([
      4100, 100, 100,
    ]);
    expect(last).toMatchObject([
      { table: 'maker', rows: 4100, total: 4100, done: true, secondsLeft: 0 },
      { table: 'item', rows: 100, done: true },
    ]);
    expect(last[0]?.rowsPerSecond).toBeGreaterThan(0);
  });

  it('goes on where it was stopped, and copies nothing twice', async () => {
    const stop = new AbortController();
    let chunks = 0;
    await copyAll({ signal: stop.signal, observe: () => ++chunks === 2 && stop.abort() });
    const first = await bed.databases.service.progress('catalog');
    expect(first.backfill.get('maker')).toMatchObject({ rows: 2000, done: false });
    await copyAll();
    const { backfill: cursors } = await bed.databases.service.progress('catalog');
    expect(cursors.get('maker')).toMatchObject({ rows: 4100, done: true });
    expect(await count('manufacturer')).toBe(4100);
  });

  it('parks a row that the service cannot hold and copies the others', async () => {
    await bed.monolith.query(`UPDATE item SET stat = '?' WHERE code = 'c7'`);
    await copyAll();
    expect(await count('product')).toBe(99);
    expect(await bed.databases.service.parkedChanges('catalog', 10)).toMatchObject([{ table: 'item' }]);
  });

  it('rests while live changes are behind', async () => {
    let waited = 0;
    await copyAll({ mustWait: () => ++waited % 2 === 1 });
    expect(waited).toBeGreaterThan(2);
    expect(await count('manufacturer')).toBe(4100);
  });
});
