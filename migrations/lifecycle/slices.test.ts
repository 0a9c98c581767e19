import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { backfill } from '../backfill/backfill.ts';
import { openDatabase } from '../databases/open.ts';
import type { Database } from '../databases/database.ts';
import type { TablePair } from '../mapping/schema.ts';
import { tablePairSchema } from '../mapping/schema.ts';
import { relayOnce } from '../relay/relay.ts';
import { createDatabase } from '../testing/two-databases.ts';
import { verify } from '../verify/verify.ts';
import type { Capability } from './capability.ts';
import { openSynced, streamFrom } from './capability.ts';
import { Coordinator } from './coordinator.ts';
import { JournalFollower } from './follow.ts';
import type { Side, Verb } from './stages.ts';
import { ControlStore } from './store.ts';

const TABLES = {
  monolith: `CREATE TABLE ord (ten text NOT NULL, no int NOT NULL, body text NOT NULL, PRIMARY KEY (ten, no));
    CREATE TABLE line (id uuid PRIMARY KEY, ten text NOT NULL, no int NOT NULL, text text,
      FOREIGN KEY (ten, no) REFERENCES ord);`,
  service: `CREATE TABLE orders (tenant text NOT NULL, number int NOT NULL, body text NOT NULL, PRIMARY KEY (tenant, number));
    CREATE TABLE lines (id uuid PRIMARY KEY, tenant text NOT NULL, number int NOT NULL, text text,
      FOREIGN KEY (tenant, number) REFERENCES orders);`,
};
const PAIRS = [
  { from: 'ord', to: 'orders', key: { ten: 'tenant', no: 'number' }, columns: { body: 'body' } },
  { from: 'line', to: 'lines', key: { id: 'id' }, columns: { ten: 'tenant', no: 'number', text: 'text' } },
].map((pair) => tablePairSchema.parse(pair));
const SLICES = { a: ['acme'], b: ['blue', 'bloom'] } as const;
type Name = keyof typeof SLICES;
const NAMES = ['a', 'b'] as const;

let clients: Record<Side, pg.Client>;
let databases: Record<Side, Database>;
let store: ControlStore;
let journal: JournalFollower;
let coordinator: Coordinator;
let capabilities: Record<Name, Capability>;
beforeEach(async () => {
  const [monolith, service, control] = await Promise.all([
    createDatabase(TABLES.monolith),
    createDatabase(TABLES.service),
    createDatabase(''),
  ]);
  clients = {
    monolith: new pg.Client({ connectionString: monolith }),
    service: new pg.Client({ connectionString: service }),
  };
  await Promise.all([clients.monolith.connect(), clients.service.connect()]);
  databases = {
    monolith: openDatabase(monolith, 'monolith'),
    service: openDatabase(service, 'service orders'),
  };
  store = await ControlStore.open(control);
  journal = await JournalFollower.start(store);
  capabilities = { a: slice('a'), b: slice('b') };
  coordinator = new Coordinator({
    ...{ store, journal },
    capabilities: { byName: new Map(Object.values(capabilities).map((each) => [each.name, each])) },
    shadowOf: async () => null,
    isLeading: () => true,
  });
  await write('monolith', 'acme', 1);
  await write('monolith', 'blue', 1);
  await write('monolith', 'other', 1);
});
afterEach(async () => {
  await journal.close();
  await store.close();
  await Promise.all([clients.monolith.end(), clients.service.end()]);
  await Promise.all([databases.monolith.close(), databases.service.close()]);
});

function slice(name: Name, pairs: readonly TablePair[] = PAIRS): Capability {
  return {
    name,
    service: 'orders',
    pairs: pairs.map((pair) => ({ ...pair, slice: { column: 'ten', values: SLICES[name] } })),
    thresholds: { lagSeconds: 2, shadowSamples: 0, shadowMismatchPercent: 1, verifyMaxAgeMinutes: 60 },
    databases,
    probe: async () => [],
    compareContracts: async () => null,
  };
}

const SQL = {
  monolith: 'INSERT INTO ord (ten, no, body) VALUES ($1, $2, $3)',
  service: 'INSERT INTO orders (tenant, number, body) VALUES ($1, $2, $3)',
};
const write = (side: Side, tenant: string, number: number, body = 'new') =>
  clients[side].query(SQL[side], [tenant, number, body]);
const move = (name: Name, verb: Verb) =>
  coordinator.move(name, {
    ...{ verb, weight: 0, actor: 'ann', reason: 'why not' },
    ...(verb === 'cutover' ? { override: ['verify'] } : {}),
  });

async function streamOf(name: Name) {
  const { owner, epoch } = journal.state(name);
  const synced = await openSynced(capabilities[name], 'shadow');
  if (!synced) throw new Error('slices have tables');
  return streamFrom(synced, owner, epoch);
}

async function toShadow(name: Name): Promise<void> {
  await move(name, 'sync');
  await backfill(await streamOf(name), {
    observe: () => undefined,
    signal: new AbortController().signal,
  });
  await move(name, 'shadow');
}

async function inStep(): Promise<void> {
  // What moves from one slice to another comes by two streams: the one has to make room.
  for (let round = 0; round < 3; round += 1) for (const name of NAMES) await relayOnce(await streamOf(name));
  for (const name of NAMES) expect(await relayOnce(await streamOf(name))).toBe(0);
}

const rowsOf = async (side: Side): Promise<string[]> => {
  const sql = {
    monolith: `SELECT ten || ' ' || no || ' ' || body AS row FROM ord ORDER BY ten, no`,
    service: `SELECT tenant || ' ' || number || ' ' || body AS row FROM orders ORDER BY tenant, number`,
  };
  return (await clients[side].query<{ row: string }>(sql[side])).rows.map(({ row }) => row);
};

describe('a migration that is moved in slices', () => {
  it('has an owner, a fence, a stream and a way back for each', async () => {
    await toShadow('a');
    await toShadow('b');
    expect(await rowsOf('service')).toEqual(['acme 1 new', 'blue 1 new']);
    expect(await move('a', 'cutover')).toMatchObject({ done: true });
    await write('service', 'acme', 2);
    await write('monolith', 'blue', 2);
    await write('monolith', 'other', 2);
    await expect(write('monolith', 'acme', 3)).rejects.toThrow(/migration "a" is owned by service orders/);
    await expect(write('service', 'blue', 3)).rejects.toThrow(/migration "b" is owned by monolith/);
    await expect(clients.monolith.query('DELETE FROM ord')).rejects.toThrow(/migration "a" is owned/);
    await expect(clients.monolith.query('TRUNCATE ord CASCADE')).rejects.toThrow(/"a" is owned/);
    await inStep();
    const all = ['acme 1 new', 'acme 2 new', 'blue 1 new', 'blue 2 new'];
    expect(await rowsOf('monolith')).toEqual([...all, 'other 1 new', 'other 2 new']);
    expect(await rowsOf('service')).toEqual(all);
    expect(await move('a', 'rollback')).toMatchObject({ done: true });
    await write('monolith', 'acme', 3);
    await inStep();
    for (const name of NAMES)
      expect(await verify(await streamOf(name))).toMatchObject({ differences: 0, unsettled: 0 });
    expect(await rowsOf('service')).toEqual([...all.slice(0, 2), 'acme 3 new', ...all.slice(2)]);
  });

  it('finds every seeded difference in its slice, and none in the others', async () => {
    await toShadow('a');
    await toShadow('b');
    await clients.service.query(`SET strangler.origin = 'b'`);
    await clients.service.query(`UPDATE orders SET body = 'spoilt' WHERE tenant = 'blue'`);
    expect(await verify(await streamOf('a'))).toMatchObject({ differences: 0 });
    expect(await verify(await streamOf('b'))).toMatchObject({ differences: 1 });
  });

  it('lets a row go from one slice to another as long as both have one owner, and not across owners', async () => {
    await toShadow('a');
    await toShadow('b');
    const toBlue = `UPDATE ord SET ten = 'blue', no = 9 WHERE ten = 'acme' AND no = 1`;
    const line = `INSERT INTO line (id, ten, no) VALUES (gen_random_uuid(), 'acme', 1)`;
    await clients.monolith.query(`${line}; BEGIN; DELETE FROM line; ${toBlue}; COMMIT`);
    await inStep();
    expect(await rowsOf('service')).toEqual(['blue 1 new', 'blue 9 new']);
    await write('monolith', 'acme', 1);
    await inStep();
    await move('a', 'cutover');
    await expect(clients.monolith.query(toBlue)).rejects.toThrow(/"a" is owned/);
    await expect(
      clients.monolith.query(`UPDATE ord SET ten = 'acme' WHERE ten = 'blue' AND no = 9`),
    ).rejects.toThrow(/"a" is owned/);
  });

  it('leaves the triggers of the others alone when one of them is taken back to its beginning', async () => {
    await toShadow('a');
    await toShadow('b');
    for (const verb of ['rollback', 'rollback'] as const) await move('a', verb);
    expect(journal.state('a').stage).toBe('legacy');
    await write('monolith', 'blue', 2);
    await relayOnce(await streamOf('b'));
    expect(await rowsOf('service')).toContain('blue 2 new');
    const { rows } = await clients.monolith.query(
      `SELECT tgname FROM pg_trigger WHERE tgname LIKE '%strangler%' AND tgname LIKE '% a'`,
    );
    expect(rows).toEqual([]);
  });
});

describe('what cannot be sliced is refused before anything is installed', () => {
  const plan = async (pairs: readonly TablePair[]) => {
    const capability = slice('a', pairs);
    const other = new Coordinator({
      ...{ store, journal },
      capabilities: { byName: new Map([['a', capability]]) },
      shadowOf: async () => null,
      isLeading: () => true,
    });
    return other.plan('a', 'sync');
  };

  it('a table without the column, or whose column is converted', async () => {
    const [ord, line] = PAIRS;
    if (!ord || !line) throw new Error('there are two');
    const { ten: _, ...columns } = line.columns;
    await expect(plan([ord, { ...line, columns }])).rejects.toThrow(
      /monolith table "line" cannot be moved in slices: its column "ten" is not carried over/,
    );
    await clients.monolith.query('CREATE TABLE note (id uuid PRIMARY KEY)');
    await clients.service.query('CREATE TABLE note (id uuid PRIMARY KEY)');
    await expect(
      plan([tablePairSchema.parse({ from: 'note', to: 'note', key: { id: 'id' } })]),
    ).rejects.toThrow(/monolith table "note" cannot be moved in slices: it has no column "ten"/);
  });

  it('rows that refer to rows of another slice', async () => {
    await clients.monolith
      .query(`CREATE TABLE rel (id uuid PRIMARY KEY, ten text NOT NULL, of uuid REFERENCES rel);
      INSERT INTO rel VALUES ('00000000-0000-0000-0000-000000000001', 'acme', NULL),
        ('00000000-0000-0000-0000-000000000002', 'blue', '00000000-0000-0000-0000-000000000001')`);
    await clients.service.query('CREATE TABLE rel (id uuid PRIMARY KEY, ten text NOT NULL, of uuid)');
    const pair = tablePairSchema.parse({
      from: 'rel',
      to: 'rel',
      key: { id: 'id' },
      columns: { ten: 'ten', of: 'of' },
    });
    const gate = (await plan([pair])).gates.find(({ gate: name }) => name === 'databases');
    expect(gate).toMatchObject({
      passed: false,
      value: expect.stringMatching(/a row of 'blue' refers to a row of 'acme'/),
    });
  });

  it('a key that both sides would count up', async () => {
    for (const client of Object.values(clients))
      await client.query(
        'CREATE TABLE num (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, ten text NOT NULL)',
      );
    const pair = tablePairSchema.parse({
      from: 'num',
      to: 'num',
      key: { id: 'id' },
      columns: { ten: 'ten' },
    });
    const gate = (await plan([pair])).gates.find(({ gate: name }) => name === 'databases');
    expect(gate?.value).toMatch(/its key "id" is counted up/);
    expect(gate?.notOverridable).not.toBe('');
  });
});

it('of two slices no row ever has two owners, and none is lost, whatever is moved and written in which order', async () => {
  await toShadow('a');
  await toShadow('b');
  const step = fc.oneof(
    fc.record({
      do: fc.constant('write' as const),
      side: fc.constantFrom<Side>('monolith', 'service'),
      tenant: fc.constantFrom('acme', 'blue', 'bloom'),
      number: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ do: fc.constant('move' as const), name: fc.constantFrom(...NAMES) }),
    fc.record({ do: fc.constant('relay' as const), name: fc.constantFrom(...NAMES) }),
  );
  const upsert = {
    monolith: `${SQL.monolith} ON CONFLICT (ten, no) DO UPDATE SET body = excluded.body`,
    service: `${SQL.service} ON CONFLICT (tenant, number) DO UPDATE SET body = excluded.body`,
  };
  let count = 0;
  const expected = new Map<string, string>([
    ['acme 1', 'new'],
    ['blue 1', 'new'],
  ]);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      for (const each of steps) {
        if (each.do === 'relay') await relayOnce(await streamOf(each.name));
        else if (each.do === 'move') {
          const { owner } = journal.state(each.name);
          expect(await move(each.name, owner === 'monolith' ? 'cutover' : 'rollback')).toMatchObject({
            done: true,
          });
        } else {
          const { side, tenant, number } = each;
          const body = `v${(count += 1)}`;
          const isTaken = await clients[side].query(upsert[side], [tenant, number, body]).then(
            () => true,
            (error: Error) => {
              expect(error.message).toMatch(/is fenced/);
              return false;
            },
          );
          // The owner takes it, and nobody else does.
          expect(isTaken).toBe(journal.state(tenant === 'acme' ? 'a' : 'b').owner === side);
          if (isTaken) expected.set(`${tenant} ${number}`, body);
        }
      }
      await inStep();
      const wanted = [...expected].map(([key, body]) => `${key} ${body}`).sort();
      expect((await rowsOf('service')).sort()).toEqual(wanted);
      expect((await rowsOf('monolith')).filter((row) => !row.startsWith('other')).sort()).toEqual(wanted);
    }),
    { numRuns: 12, endOnFailure: true },
  );
}, 240_000);
