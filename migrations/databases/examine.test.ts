import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import type { Finding } from './finding.ts';
import { openDatabase } from './open.ts';

let bed: TwoDatabases;
afterEach(() => bed.close());

const examine = (tables: string[], replicated: string[] = []): Promise<Finding[]> =>
  bed.databases.monolith.examine({ tables, replicated });
/** The findings of one check, by their subjects. */
const found = async (id: string, tables: string[], replicated: string[] = []): Promise<string[]> =>
  (await examine(tables, replicated))
    .filter((one) => one.id === id)
    .map((one) => `${one.severity} ${one.subject}`);

describe('PostgreSQL', () => {
  beforeEach(async () => {
    bed = await twoDatabases();
  });
  const sql = (text: string) => bed.monolith.query(text);

  it('has nothing wrong in the test bed, neither before a sync nor in it', async () => {
    expect(await examine(['maker', 'item'])).toEqual([]);
    await bed.install();
    expect(await examine(['maker', 'item'])).toEqual([]);
  });

  it.each([
    ['table-missing', 'error', ['nowhere'], ''],
    ['table-missing', 'error', ['seen_all'], 'CREATE VIEW seen_all AS SELECT * FROM item'],
    ['no-key', 'error', ['bare'], 'CREATE TABLE bare (x int)'],
    ['deferrable-key', 'error', ['late'], 'CREATE TABLE late (id int PRIMARY KEY DEFERRABLE)'],
    ['unlogged', 'warning', ['fast'], 'CREATE UNLOGGED TABLE fast (id int PRIMARY KEY)'],
    [
      'rule',
      'warning',
      ['ruled'],
      'CREATE TABLE ruled (id int PRIMARY KEY); CREATE RULE r AS ON DELETE TO ruled DO INSTEAD NOTHING',
    ],
    [
      'inheritance',
      'error',
      ['parent'],
      'CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child () INHERITS (parent)',
    ],
    [
      'partition',
      'warning',
      ['part'],
      'CREATE TABLE whole (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF whole FOR VALUES FROM (1) TO (9)',
    ],
    [
      'cascade',
      'warning',
      ['maker'],
      'CREATE TABLE line (id int PRIMARY KEY, m int REFERENCES maker ON DELETE CASCADE ON UPDATE SET NULL)',
    ],
    [
      'application-trigger',
      'warning',
      ['item'],
      `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER own BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION f()`,
    ],
    [
      'application-trigger',
      'none',
      ['item'],
      `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER own BEFORE INSERT ON item FOR EACH ROW WHEN (coalesce(current_setting('strangler.origin', true), '') = '') EXECUTE FUNCTION f()`,
    ],
  ])('%s: %s for %j', async (id, severity, tables, statements) => {
    if (statements) await sql(statements);
    expect(await found(id, tables)).toEqual(
      severity === 'none' ? [] : [`${severity} monolith: ${tables[0]}`],
    );
  });

  it('asks for rights in the log, and in what identifies a row, only where the log is to be captured', async () => {
    await sql('ALTER TABLE item REPLICA IDENTITY NOTHING');
    expect(await found('replica-identity', ['item'])).toEqual([]);
    expect(await found('replica-identity', ['item'], ['item'])).toEqual(['error monolith: item']);
  });

  it('finds that a trigger of a capture was switched off', async () => {
    await bed.install();
    await sql('ALTER TABLE item DISABLE TRIGGER "!strangler_capture"');
    expect(await found('capture-off', ['maker', 'item'])).toEqual(['error monolith: item']);
  });

  it('finds what a user may not do', async () => {
    const role = `poor_${Date.now()}`;
    await sql(
      `CREATE ROLE ${role} LOGIN PASSWORD 'poor'; GRANT SELECT ON item TO ${role}; ALTER TABLE maker ENABLE ROW LEVEL SECURITY; GRANT SELECT ON maker TO ${role}`,
    );
    const url = new URL(bed.urls.monolith);
    url.username = role;
    url.password = 'poor';
    const poor = openDatabase(url.href, 'monolith');
    try {
      const ids = (await poor.examine({ tables: ['item', 'maker'], replicated: [] })).map(({ id }) => id);
      expect(ids).toEqual([
        ...[
          'right-to-create-schema',
          'deadlock-timeout',
          'table-of-another',
          'table-of-another',
          'row-security',
        ],
      ]);
    } finally {
      await poor.close();
      await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});

describe('MySQL and MariaDB', () => {
  beforeEach(async () => {
    bed = await twoDatabases({ monolith: 'mysql', service: 'postgres' });
  });

  it('has nothing wrong with the tables of the test bed, neither before a sync nor in it', async () => {
    const errors = async (): Promise<Finding[]> =>
      (await examine(['maker', 'item'])).filter(({ id }) => !['time-zones', 'connections'].includes(id));
    expect(await errors()).toEqual([]);
    await bed.install();
    expect(await errors()).toEqual([]);
  });

  it.each([
    ['table-missing', 'error', 'nowhere', []],
    ['engine', 'error', 'old', ['CREATE TABLE old (id int PRIMARY KEY) ENGINE = MyISAM']],
    ['no-key', 'error', 'bare', ['CREATE TABLE bare (x int)']],
    [
      'cascade',
      'error',
      'line',
      [
        'CREATE TABLE line (id int PRIMARY KEY, m int, FOREIGN KEY (m) REFERENCES maker (id) ON DELETE CASCADE)',
      ],
    ],
    [
      'cascade-elsewhere',
      'warning',
      'maker',
      [
        'CREATE TABLE line (id int PRIMARY KEY, m int, FOREIGN KEY (m) REFERENCES maker (id) ON DELETE SET NULL)',
      ],
    ],
    [
      'application-trigger',
      'warning',
      'item',
      ['CREATE TRIGGER own BEFORE INSERT ON item FOR EACH ROW SET NEW.qty = 1'],
    ],
  ])('%s: %s for %s', async (id, severity, table, statements) => {
    for (const statement of statements) await bed.sql('monolith', statement);
    expect(await found(id, [table])).toEqual([`${severity} monolith: ${table}`]);
  });

  it('finds which of the rights that are asked for a user lacks', async () => {
    const { host, pathname } = new URL(bed.urls.monolith);
    const [database, user] = [pathname.slice(1), `few_${Date.now()}`];
    await bed.sql('monolith', `CREATE USER ${user}@'%' IDENTIFIED BY 'few'`);
    await bed.sql(
      'monolith',
      `GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, LOCK TABLES ON ${database}.* TO ${user}@'%'`,
    );
    const few = openDatabase(`mysql://${user}:few@${host}/${database}`, 'monolith');
    const rights = async (): Promise<string[]> =>
      (await few.examine({ tables: ['item'], replicated: [] }))
        .filter(({ id }) => id === 'rights')
        .map(({ message }) => message);
    try {
      expect(await rights()).toEqual([]);
      await bed.sql('monolith', `REVOKE ALTER, LOCK TABLES ON ${database}.* FROM ${user}@'%'`);
      expect(await rights()).toEqual([`user ${user}@% lacks ALTER, LOCK TABLES on the database`]);
    } finally {
      await few.close();
      await bed.sql('monolith', `DROP USER ${user}@'%'`);
    }
  });

  it('finds that a trigger of a capture was dropped', async () => {
    await bed.install();
    const [trigger] = await bed.sql(
      'monolith',
      `SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND event_object_table = 'item' AND event_manipulation = 'DELETE'`,
    );
    await bed.sql('monolith', `DROP TRIGGER ${trigger?.['name'] ?? ''}`);
    expect(await found('capture-off', ['maker', 'item'])).toEqual(['error monolith: item']);
  });
});
