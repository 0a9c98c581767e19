import { afterEach, describe, expect, it } from '@jest/globals';
import { relayOnce } from '../../relay/relay.ts';
import type { Twins } from '../../testing/twins.ts';
import { twins } from '../../testing/twins.ts';
import { verify } from '../../verify/verify.ts';

let bed: Twins | null = null;
afterEach(async () => {
  await bed?.close();
  bed = null;
});

const open = async (ddl: string, ...tables: string[]): Promise<Twins> =>
  (bed = await twins({ monolith: ddl, service: ddl, tables, unmapped: ['note'] }));
const parked = (twin: Twins) => twin.databases.service.parkedChanges('twins', 100);
const agrees = async (twin: Twins, stream = twin.stream): Promise<void> => {
  while ((await relayOnce(stream)) > 0);
  expect(await stream.target.parkedChanges('twins', 10)).toEqual([]);
  expect(await verify(stream)).toMatchObject({ differences: 0, unsettled: 0 });
};
const both = async (twin: Twins, sql: string): Promise<[unknown[], unknown[]]> => [
  (await twin.monolith.query<Record<string, unknown>>(sql)).rows,
  (await twin.service.query<Record<string, unknown>>(sql)).rows,
];
const marksOf = async (twin: Twins): Promise<string[]> =>
  (await twin.service.query<{ key: string }>('SELECT key FROM strangler.mark ORDER BY key')).rows.map(
    (row) => row.key,
  );

describe('a key that is spelled anew', () => {
  it.each([
    ['numeric', '1.0', '1.00', '["1"]'],
    ['double precision', `'-0'`, '0', '["0"]'],
    ['char(5)', `'a'`, `'a '`, '["a"]'],
    ['numeric[]', `'{1.0}'`, `'{1.00}'`, null],
    ['interval', `'1 mon'`, `'30 days'`, null],
  ])('as an equal %s stays one row, and has the new spelling', async (type, first, second, mark) => {
    const twin = await open(`CREATE TABLE k (id ${type} PRIMARY KEY, v int, note text)`, 'k');
    await twin.monolith.query(`INSERT INTO k VALUES (${first}, 1)`);
    await relayOnce(twin.stream);
    await twin.monolith.query(`UPDATE k SET id = ${second}, v = 2; UPDATE k SET v = 3`);
    await agrees(twin);
    const [monolith, service] = await both(twin, 'SELECT id::text, v FROM k');
    expect(service).toEqual(monolith);
    expect(service).toHaveLength(1);
    if (mark !== null) expect(await marksOf(twin)).toEqual([mark]);
  });

  it('and deleted and inserted in one run of changes is applied in the order in which it was written', async () => {
    const twin = await open('CREATE TABLE k (id numeric PRIMARY KEY, v int)', 'k');
    await twin.monolith.query(`INSERT INTO k VALUES (1.0, 1)`);
    await twin.monolith.query(`DELETE FROM k WHERE id = 1.000; INSERT INTO k VALUES (1.00, 2)`);
    await twin.monolith.query(`INSERT INTO k VALUES (2.0, 1); UPDATE k SET id = 2.00, v = 5 WHERE id = 2`);
    await agrees(twin);
    const [monolith, service] = await both(twin, 'SELECT id::text, v FROM k ORDER BY id');
    expect(service).toEqual(monolith);
  });

  it('under a collation that does not see it arrives, and an old delete that comes late does not take the row', async () => {
    const twin = await open(
      `CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
       CREATE TABLE k (id text COLLATE loose PRIMARY KEY, v int)`,
      'k',
    );
    await twin.monolith.query(`INSERT INTO k VALUES ('a', 1), ('B', 1)`);
    await relayOnce(twin.stream);
    await twin.monolith.query(`UPDATE k SET id = 'A', v = 2 WHERE id = 'a'`);
    const changes = await twin.databases.monolith.recentChanges('twins', 2);
    expect(changes.map(({ op, key }) => `${op} ${key}`)).toEqual(['upsert ["A"]', 'delete ["a"]']);
    const target = twin.stream.mapping.entries[0]?.target;
    const [upsert, remove] = changes;
    if (!target || !upsert || !remove) throw new Error('both are there');
    await twin.databases.service.applying('twins', twin.stream.epoch, async (applier) => {
      await applier.upsert(target, [{ sourceKey: upsert.key, version: upsert.id, values: upsert.row }]);
      await applier.delete(target, [{ sourceKey: remove.key, version: remove.id, values: remove.row }]);
    });
    await agrees(twin);
    const [monolith, service] = await both(twin, 'SELECT id, v FROM k ORDER BY id');
    expect(service).toEqual(monolith);
  });
});

describe('a table', () => {
  it('in another schema, with names that need quoting and a key of text and uuid, is followed both ways', async () => {
    const name = `"MyShop"."Order$Lines"`;
    const twin = await open(
      `CREATE SCHEMA "MyShop"; CREATE TABLE ${name} (
         "order" uuid, "Size" text, "select" text NOT NULL, PRIMARY KEY ("Size", "order"))`,
      'MyShop.Order$Lines',
    );
    const insert = (client: Twins['monolith'], size: string) =>
      client.query(`INSERT INTO ${name} VALUES (gen_random_uuid(), $1, 'x''y')`, [size]);
    await insert(twin.monolith, `it's "large", \\ [1]`);
    await agrees(twin);
    await twin.monolith.query(`UPDATE ${name} SET "Size" = '', "select" = 'b'`);
    await insert(twin.monolith, 'second');
    await agrees(twin);
    const back = await twin.turnRound();
    await insert(twin.service, 'third');
    await twin.service.query(`DELETE FROM ${name} WHERE "Size" = ''`);
    await agrees(twin, back);
    const [monolith, service] = await both(twin, `SELECT * FROM ${name} ORDER BY 2`);
    expect(monolith).toEqual(service);
    expect(monolith).toHaveLength(2);
  });

  it('with generated columns, identities of both sorts and a serial is followed, and its sequences are raised', async () => {
    const twin = await open(
      `CREATE TABLE g (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial, m int GENERATED BY DEFAULT AS IDENTITY,
         a int NOT NULL, twice int GENERATED ALWAYS AS (a * 2) STORED)`,
      'g',
    );
    await twin.monolith.query(
      'INSERT INTO g (a) SELECT i FROM generate_series(1, 5) i; UPDATE g SET a = a + 1',
    );
    await agrees(twin);
    const [monolith, service] = await both(twin, 'SELECT * FROM g ORDER BY id');
    expect(service).toEqual(monolith);
    await twin.databases.service.raiseIdentities('g', await twin.databases.monolith.identities('g'));
    expect(Object.fromEntries(await twin.databases.service.identities('g'))).toEqual({
      id: 5n,
      n: 5n,
      m: 5n,
    });
  });

  it('whose primary key is deferrable is refused with what to do', async () => {
    await expect(
      open('CREATE TABLE d (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v int)', 'd'),
    ).rejects.toThrow(/primary key of "d" is DEFERRABLE.*NOT DEFERRABLE/s);
  });

  it('with a column whose values mean something in their own database alone is refused', async () => {
    await expect(open('CREATE TABLE r (id int PRIMARY KEY, v regclass)', 'r')).rejects.toThrow(/regclass/);
  });

  it.each([
    ['a domain over varchar(3)', 'CREATE DOMAIN d AS varchar(3)', 'd', `'abcd'`],
    ['an array of char(3)', '', 'char(3)[]', `'{abcd}'`],
    ['bit(2)', '', 'bit(2)', `B'010'`],
  ])(
    'that has become narrower for %s than the owner’s refuses what is too long, and cuts nothing',
    async (_, ddl, type, value) => {
      const wide = type === 'bit(2)' ? 'bit varying' : type.endsWith('[]') ? 'text[]' : 'text';
      const twin = await open(`${ddl}; CREATE TABLE w (id int PRIMARY KEY, v ${wide})`, 'w');
      await twin.service.query(`ALTER TABLE w ALTER v TYPE ${type} USING v::${type}`);
      await twin.monolith.query(`INSERT INTO w VALUES (1, ${value})`);
      await twin.catchUp();
      expect((await twin.service.query('SELECT FROM w')).rowCount).toBe(0);
      expect(await parked(twin)).toHaveLength(1);
    },
  );
});

describe('a trigger of the follower’s application', () => {
  it.each(['ENABLE', 'ENABLE ALWAYS'])(
    '(%s) writes to other rows and tables, and none of it goes back',
    async (how) => {
      const twin = await open(
        'CREATE TABLE a (id int PRIMARY KEY, v int); CREATE TABLE b (id int PRIMARY KEY, v int)',
        ...['a', 'b'],
      );
      await twin.service.query(`
      CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO b VALUES (NEW.id + 100, NEW.v); UPDATE b SET v = v + 1; DELETE FROM b WHERE id < 100; RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER at_the_end AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION meddle();
      CREATE TRIGGER meddle AFTER UPDATE ON a FOR EACH ROW EXECUTE FUNCTION meddle();
      ALTER TABLE a ${how} TRIGGER meddle; ALTER TABLE a ${how} TRIGGER at_the_end;`);
      await twin.monolith.query('INSERT INTO b VALUES (1, 1); INSERT INTO a VALUES (1, 1)');
      await twin.catchUp();
      await twin.monolith.query('UPDATE a SET id = 2, v = 2; UPDATE a SET v = 3');
      await twin.catchUp();
      expect((await twin.service.query('SELECT FROM b WHERE id > 100')).rowCount).toBeGreaterThan(1);
      expect(await twin.databases.service.recentChanges('twins', 10)).toEqual([]);
    },
  );
});
