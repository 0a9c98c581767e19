import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { relayOnce } from '../../relay/relay.ts';
import type { SqlSession } from '../../testing/databases.ts';
import type { Twins } from '../../testing/twins.ts';
import { twins } from '../../testing/twins.ts';
import type { Change } from '../database.ts';

const WRITERS = 6;
const WRITE_MS = 6000;
const KEYS = 12;
const TABLE = `CREATE TABLE list (id integer PRIMARY KEY, entries mediumtext CHARACTER SET latin1 NOT NULL)`;

let bed: Twins;
beforeEach(async () => {
  bed = await twins({
    ...{ monolith: TABLE, service: TABLE, tables: ['list'], fits: true },
    pairing: { monolith: 'mysql', service: 'mysql' },
  });
});
afterEach(() => bed.close());

async function read(since: string): Promise<{ changes: Change[]; position: string }> {
  const changes: Change[] = [];
  const position = await bed.databases.monolith.readChanges(
    'twins',
    since,
    async (batch) => void changes.push(...batch),
  );
  return { changes, position };
}

const insert = (session: SqlSession, id: number): Promise<unknown> =>
  session.sql(`INSERT INTO list VALUES (${id}, '')`);

describe('the queue of changes', () => {
  it('hands over a change whose lower id commits after a higher one was read (id > cursor loses it)', async () => {
    const late = await bed.open('monolith');
    await late.sql('START TRANSACTION');
    await insert(late, 1);
    await bed.sql('monolith', `INSERT INTO list VALUES (2, '')`);
    const first = await read('0');
    expect(first.changes.map(({ key }) => key)).toEqual(['["2"]']);
    await late.sql('COMMIT');
    const second = await read(first.position);
    expect(second.changes.map(({ key }) => key)).toEqual(['["1"]']);
  });

  it('hands over again what a reader took that died before it saved its position', async () => {
    await bed.sql('monolith', `INSERT INTO list VALUES (1, ''), (2, '')`);
    await read('0');
    await bed.sql('monolith', `INSERT INTO list VALUES (3, '')`);
    expect(await bed.databases.monolith.pending('twins', '0')).toMatchObject({ changes: 3 });
    const again = await read('0');
    expect(again.changes.map(({ key }) => key)).toEqual(['["1"]', '["2"]', '["3"]']);
    expect(await bed.databases.monolith.pending('twins', again.position)).toEqual({ changes: 0, seconds: 0 });
  });

  it('hands over all that a reader took that died, also when a lower id has come to light since', async () => {
    const late = await bed.open('monolith');
    await late.sql('START TRANSACTION');
    await insert(late, 0);
    const full = Array.from({ length: 10_000 }, (_, i) => `(${i + 1}, '')`).join(', ');
    await bed.sql('monolith', `INSERT INTO list VALUES ${full}`);
    expect((await read('0')).changes).toHaveLength(10_000);
    await late.sql('COMMIT');
    let seen = 0;
    for (let position = '0', more = true; more;) {
      const next = await read(position);
      seen += next.changes.length;
      more = next.changes.length > 0;
      position = next.position;
    }
    expect(seen).toBe(10_001);
  });

  it('keeps what one of two readers took when only the other one saves its position', async () => {
    await bed.sql('monolith', `INSERT INTO list VALUES (1, '')`);
    const slow = await read('0');
    await bed.sql('monolith', `INSERT INTO list VALUES (2, '')`);
    await read('0');
    expect(await bed.databases.monolith.purge('twins', slow.position)).toBe(0);
    const next = await read(slow.position);
    expect(next.changes.map(({ key }) => key)).toEqual(['["1"]', '["2"]']);
  });

  it('purges what is applied, and nothing else', async () => {
    await bed.sql('monolith', `INSERT INTO list VALUES (1, '')`);
    const { position } = await read('0');
    await bed.sql('monolith', `INSERT INTO list VALUES (2, '')`);
    expect(await bed.databases.monolith.purge('twins', position)).toBe(1);
    expect((await read(position)).changes.map(({ key }) => key)).toEqual(['["2"]']);
  });

  it('does not wait for transactions that are still writing', async () => {
    const endless = await bed.open('monolith');
    await endless.sql('START TRANSACTION');
    await insert(endless, 1);
    for (let id = 2; id < 30; id++) await bed.sql('monolith', `INSERT INTO list VALUES (${id}, '')`);
    const { changes, position } = await read('0');
    expect(changes.length).toBe(28);
    expect(await bed.databases.monolith.purge('twins', position)).toBe(28);
  });

  it('loses, doubles and reorders nothing under six writers, bulk statements and rollbacks', async () => {
    for (let id = 0; id < KEYS; id++) await bed.sql('monolith', `INSERT INTO list VALUES (${id}, '')`);
    const until = Date.now() + WRITE_MS;
    let isWriting = true;
    const ledger = Array.from({ length: WRITERS }, async (_, writer) => {
      const session = await bed.open('monolith');
      const done: string[] = [];
      for (let i = 0; Date.now() < until; i++) {
        const entry = `${writer}.${i}`;
        const where = i % 5 === 0 ? `id % 4 = ${i % 4}` : `id = ${(i * 7 + writer) % KEYS}`;
        const end = i % 9 === 0 ? 'ROLLBACK' : 'COMMIT';
        try {
          await session.sql(
            `START TRANSACTION; UPDATE list SET entries = CONCAT(entries, '${entry},') WHERE ${where}; ${end}`,
          );
          if (end === 'COMMIT') done.push(entry);
        } catch (error) {
          // Writers that wait for each other in a circle: one is told so, and its write did not happen.
          await session.sql('ROLLBACK');
          if (!String(error).includes('Deadlock')) throw error;
        }
      }
      return done;
    });
    const reading = (async () => {
      for (let read = 1; isWriting || read > 0;) {
        read = await relayOnce(bed.stream);
        const side = await bed.databases.service.sideState('twins');
        await bed.databases.monolith.purge('twins', side?.position ?? '');
      }
    })();
    const written = (await Promise.all(ledger)).flat();
    isWriting = false;
    await reading;
    const sides = await Promise.all(
      (['monolith', 'service'] as const).map((side) => bed.sql(side, 'SELECT * FROM list ORDER BY id')),
    );
    expect(sides[1]).toEqual(sides[0]);
    const found = new Set(sides[1]?.flatMap((row) => row.entries?.split(',') ?? []));
    expect(written.length).toBeGreaterThan(100);
    expect(written.filter((entry) => !found.has(entry))).toEqual([]);
    expect(await bed.databases.service.parkedChanges('twins', 1)).toEqual([]);
  });
});
