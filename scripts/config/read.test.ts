import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from './problems.ts';
import { readConfig } from './read.ts';
import { carriedBy, groupIn } from './together.ts';

const folder = mkdtempSync(join(tmpdir(), 'strangler-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const GOOD = `version: 1
monolith:
  url: http://127.0.0.1:4000
  database: postgres://shop:\${SECRET}@127.0.0.1/shop
services:
  catalog:
    url: http://127.0.0.1:4101
    database: postgres://127.0.0.1/catalog
migrations:
  catalog:
    service: catalog
    routes: [GET /api/products]
    tables:
      - from: products
        to: product
        key: { id: id }
        columns: { price: { to: price_minor, convert: money } }
`;

const write = (text: string): string => {
  const file = join(folder, 'strangler.yaml');
  writeFileSync(file, text);
  return file;
};
const complaints = (text: string, environment = { SECRET: 's3cret' }): string[] => {
  try {
    readConfig(write(text), environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^.*strangler\.yaml/, ''));
  }
};

const TWO = `${GOOD}  stock:
    service: catalog
    routes: [GET /api/stock]
    tables:
      - from: products
        to: product
        key: { id: id }
        columns: { price: { to: price_minor, convert: money } }
`;

describe('migrations that share a table', () => {
  it('are refused, and told how they could move together', () => {
    expect(complaints(TWO)).toEqual([
      expect.stringContaining(
        'table "products" belongs to migration "catalog" already; a table has one owner: leave it to one of them, or say `together: [[catalog, stock]]`',
      ),
      expect.stringContaining('table "product" belongs to migration "catalog" already'),
    ]);
  });

  it('are taken when they move together and say the same of it: the first one carries it', () => {
    const config = readConfig(write(`${TWO}together: [[stock, catalog]]\n`), { SECRET: 's3cret' });
    expect(groupIn(config, 'stock')).toEqual(['catalog', 'stock']);
    expect(carriedBy(config, 'catalog')).toHaveLength(1);
    expect(carriedBy(config, 'stock')).toEqual([]);
  });

  it.each([
    [
      'another thing of it',
      `${TWO.replace(/money } }\n$/, 'none } }\n')}together: [[stock, catalog]]\n`,
      'both have to say the same of it',
    ],
    ['what is not there', `${GOOD}together: [[catalog, cart]]\n`, 'there is no migration "cart"'],
    ['one alone', `${GOOD}together: [[catalog]]\n`, 'needs at least two migrations'],
    [
      'one in two groups',
      `${TWO}together: [[stock, catalog], [catalog, stock]]\n`,
      '"catalog" stands here twice; a migration is in one group',
    ],
    [
      'one after the other',
      `${TWO.replace('  stock:\n', '  stock:\n    after: [catalog]\n')}together: [[stock, catalog]]\n`,
      '"stock" comes after "catalog", so it cannot move together with it',
    ],
  ])('are refused when `together` says %s', (_, text, message) => {
    expect(complaints(text).join('\n')).toContain(message);
  });
});

describe('a migration that is moved in slices', () => {
  const sliced = (slices: string, text = GOOD): string => `${text}    slices: ${slices}\n`;
  const GOOD_SLICES = '{ column: id, key: { header: X-Tenant }, of: { one: [1], more: [2, 3] } }';

  it('becomes a migration for each slice, with its keys in tables and routes, and a route for what names none', () => {
    const { migrations } = readConfig(write(sliced(GOOD_SLICES)), { SECRET: 's3cret' });
    expect(Object.keys(migrations)).toEqual(['catalog-one', 'catalog-more']);
    expect(migrations['catalog-one']?.routes).toEqual([
      { method: 'GET', path: '/api/products', headers: { 'x-tenant': '1' } },
      { method: 'GET', path: '/api/products', sliceKey: { in: 'header', name: 'x-tenant' } },
    ]);
    expect(migrations['catalog-more']?.tables[0]?.slice).toEqual({ column: 'id', values: ['2', '3'] });
  });

  it('may have its key in the path, where each slice has paths of its own', () => {
    const text = sliced(
      '{ column: id, key: { path: tenant }, of: { one: [1] } }',
      GOOD.replace('[GET /api/products]', '["GET /t/{tenant}/products"]'),
    );
    expect(readConfig(write(text), { SECRET: 's3cret' }).migrations['catalog-one']?.routes).toEqual([
      { method: 'GET', path: '/t/1/products' },
    ]);
  });

  it.each([
    [
      'a key in two slices',
      GOOD_SLICES.replace('[2, 3]', '[2, 1]'),
      /:18:\d+ "1" is in slice "one" already; a row has one owner/,
    ],
    [
      'a path that lacks the key',
      '{ column: id, key: { path: tenant }, of: { one: [1] } }',
      /:12:\d+ route "\/api\/products" has no \{tenant\}/,
    ],
    ['no slice', '{ column: id, key: { header: X-Tenant }, of: {} }', /needs at least one slice/],
    [
      'a key from nowhere',
      '{ column: id, key: { cookie: a }, of: { one: [1] } }',
      /:18:\d+ migrations\.catalog\.slices\.key/,
    ],
    [
      'a name that is too long',
      `{ column: id, key: { header: a }, of: { ${'x'.repeat(38)}: [1] } }`,
      /has more than 40 characters/,
    ],
  ])('is refused with its place for %s', (_, slices, message) => {
    expect(complaints(sliced(slices)).join('\n')).toMatch(message);
  });

  it('has the place of its migration in what is wrong with one of its slices', () => {
    expect(complaints(sliced(GOOD_SLICES, GOOD.replace('service: catalog', 'service: shop')))[0]).toBe(
      ':11:14 there is no service "shop"; services: catalog',
    );
  });
});

describe('strangler.yaml', () => {
  it('is read with defaults, and with secrets from the environment', () => {
    const config = readConfig(write(GOOD), { SECRET: 'a:b#c ${' });
    expect(config.monolith.database).toBe('postgres://shop:a:b#c ${@127.0.0.1/shop');
    expect(config.proxy.listen).toBe('127.0.0.1:8080');
    expect(config.migrations.catalog?.gates.lagSeconds).toBe(2);
  });

  it.each([
    ['a secret that is not set', GOOD, {}, [':4:13 the environment variable SECRET is not set']],
    [
      'a misspelt key',
      GOOD.replace('databas', 'datbas'),
      undefined,
      [':4:3 unknown key "datbase"; did you mean "database"?'],
    ],
    [
      'a key misspelt deeper',
      GOOD.replace('columns:', 'colums:'),
      undefined,
      [':17:9 unknown key "colums"; did you mean "columns"?'],
    ],
    [
      'an unknown service',
      GOOD.replace('service: catalog', 'service: shop'),
      undefined,
      [':11:14 there is no service "shop"; services: catalog'],
    ],
    [
      'a route that is none',
      GOOD.replace('GET /api', 'GET api'),
      undefined,
      [expect.stringContaining(':12:14 migrations.catalog.routes.0: Write a route as "METHOD /path"')],
    ],
    [
      'tables without a database',
      GOOD.replace(/\n {2}database: postgres:\/\/shop.*/, ''),
      undefined,
      [':3:3 migration "catalog" has tables, so monolith needs a database'],
    ],
    [
      'an unknown conversion',
      GOOD.replace('convert: money', 'convert: mony'),
      undefined,
      [
        ':17:55 migrations.catalog.tables.0.columns.price.convert: is none of money, enum, boolean, time, zero-date, none',
      ],
    ],
    [
      'an address that is none',
      GOOD.replace('http://127.0.0.1:4101', 'catalog:4101'),
      undefined,
      [':7:10 services.catalog.url: is not an http or https URL'],
    ],
    [
      'one of several addresses that is none',
      GOOD.replace('http://127.0.0.1:4101', '[http://a:1, ftp://b:1]'),
      undefined,
      [':7:23 services.catalog.url.1: is not an http or https URL'],
    ],
    [
      'an address that stands there twice',
      GOOD.replace('http://127.0.0.1:4101', '[http://a:1, http://a:1/]'),
      undefined,
      [':7:10 services.catalog.url: names an address twice'],
    ],
    [
      'no address in a list',
      GOOD.replace('http://127.0.0.1:4101', '[]'),
      undefined,
      [':7:10 services.catalog.url: needs an address'],
    ],
    [
      'a fallback of the monolith, which has nobody to fall back to',
      GOOD.replace('http://127.0.0.1:4000', 'http://127.0.0.1:4000\n  fallback: { enabled: true }'),
      undefined,
      [expect.stringContaining(':4:3 unknown key "fallback"')],
    ],
    [
      'YAML that cannot be parsed',
      GOOD.replace('version: 1', 'version: [1'),
      undefined,
      [expect.stringMatching(/^:\d+:\d+ /)],
    ],
    [
      'a migration that comes after one that is not there',
      GOOD.replace('    service: catalog\n', '    service: catalog\n    after: [billing]\n'),
      undefined,
      [expect.stringContaining(':12:13 there is no migration "billing"; there are catalog')],
    ],
    [
      'a migration that comes after itself',
      GOOD.replace('    service: catalog\n', '    service: catalog\n    after: [catalog]\n'),
      undefined,
      [expect.stringContaining('catalog comes after catalog: none of them could ever be the first')],
    ],
    [
      'SQL in a name',
      GOOD.replace('from: products', 'from: "products; DROP TABLE x"'),
      undefined,
      [expect.stringContaining(':14:15 migrations.catalog.tables.0.from: is not a table name')],
    ],
  ])('with %s is refused at line and column', (_, text, environment, expected) => {
    const found = complaints(text, environment as { SECRET: string } | undefined);
    expect(found.slice(0, expected.length)).toEqual(expected);
  });

  it('shows every mistake at once', () => {
    expect(
      complaints(GOOD.replace('services:', 'servces:').replace('routes:', 'rotes:')).length,
    ).toBeGreaterThan(1);
  });

  it('never puts a secret into a message', () => {
    const found = complaints(GOOD.replace('postgres://shop', 'oracle://shop'));
    expect(found.join()).toContain(':4:13');
    expect(found.join()).not.toContain('s3cret');
  });

  it('that is not there is said in one line', () => {
    expect(() => readConfig(join(folder, 'none.yaml'))).toThrow(
      /none\.yaml: there is no such file; name another one/,
    );
  });
});
