import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SourceRow } from '../databases/database.ts';
import { relayOnce } from '../relay/relay.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { backfill } from './backfill.ts';
import type { BackfillReport } from './progress.ts';
import { backfillSchema } from './schema.ts';
import { writeChunk } from './write-chunk.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
});
afterEach(() => bed.close());

const names = async (): Promise<string[]> =>
  (await bed.service.query<{ name: string }>('SELECT name FROM manufacturer ORDER BY id')).rows.map(
    (r) => r.name,
  );

const readChunk = async (): Promise<SourceRow[]> => {
  const [makers] = bed.synced.mapping.toService.captured;
  return makers ? bed.databases.monolith.readChunk('catalog', makers, null, 100) : [];
};
const write = (chunk: SourceRow[]) => writeChunk(bed.stream, 'maker', chunk, () => new Map());

const copyAll = (options: Partial<Parameters<typeof backfill>[1]> = {}): Promise<void> =>
  backfill(bed.stream, {
    observe: () => undefined,
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
    const { rows = 0, done } = first.backfill.get('maker') ?? {};
    expect(done).toBe(false);
    expect(await count('manufacturer')).toBe(rows);
    expect(rows).toBeLessThan(4100);
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

  it('finds a few bad rows among many good ones without writing them one by one', async () => {
    await bed.monolith.query(`UPDATE item SET stat = '?' WHERE code = 'c7'`);
    await bed.service.query(`ALTER TABLE manufacturer ADD CHECK (id NOT IN (3, 1777, 4100))`);
    await copyAll();
    expect(await count('manufacturer')).toBe(4097);
    const parked = await bed.databases.service.parkedChanges('catalog', 10);
    expect(parked.map(({ table, key }) => `${table} ${key}`).sort()).toEqual(
      ['item ["3"]', 'item ["7"]', 'maker ["1777"]', 'maker ["3"]', 'maker ["4100"]'].sort(),
    );
  });

  it('rests while live changes are behind, and says so', async () => {
    let looks = 0;
    const said = new Set<string>();
    await copyAll({
      lagSeconds: () => (++looks % 2 === 1 ? 3 : 0),
      observe: (reports) => reports.forEach(({ rests }) => rests && said.add(rests)),
    });
    expect([...said]).toEqual(['live changes are 3.0 s behind']);
    expect(await count('manufacturer')).toBe(4100);
  });

  it('rests while a person holds it, also right after a start, and goes on when let', async () => {
    let held: string | null = 'paused by anna: month-end';
    const seen: number[] = [];
    await copyAll({
      heldBecause: () => held,
      observe: ([makers]) => {
        seen.push(makers?.rows ?? -1);
        if (makers?.rests === held) held = null;
      },
    });
    expect(seen.slice(0, 2)).toEqual([0, 0]);
    expect(await count('manufacturer')).toBe(4100);
  });

  it('copies no more rows a second than it may', async () => {
    const started = performance.now();
    await copyAll({ settings: () => backfillSchema.parse({ maxRowsPerSecond: 2000 }) });
    expect(performance.now() - started).toBeGreaterThan(1900);
    expect(await count('product')).toBe(100);
  });

  it('copies long rows in chunks that fit into memory', async () => {
    await bed.monolith.query(`UPDATE maker SET nm = repeat('x', 1000000) WHERE id > 4080`);
    const [makers] = bed.synced.mapping.toService.captured;
    const chunk = makers && (await bed.databases.monolith.readChunk('catalog', makers, { id: '4080' }, 100));
    expect(chunk?.length).toBeLessThan(10);
    await copyAll();
    expect(await count('manufacturer')).toBe(4100);
  });
});

describe('a chunk that waits for its turn', () => {
  it('does not count that as time for which others wait for it: it would be made shorter, down to one row', async () => {
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('one')`);
    await bed.install();
    const others = await bed.connect('service');
    await others.query('BEGIN; SELECT FROM strangler.side FOR UPDATE');
    const waiting = `SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '1 s'`;
    let counted = Infinity;
    const chunk = await readChunk();
    const started = performance.now();
    const written = writeChunk(bed.stream, 'maker', chunk, (_, ms) => {
      counted = ms;
      return new Map();
    });
    while ((await bed.service.query(waiting)).rowCount === 0) await pause(50);
    await others.query('COMMIT');
    await written;
    expect(performance.now() - started - counted).toBeGreaterThan(1000);
  });
});
