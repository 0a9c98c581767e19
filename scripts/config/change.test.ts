import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InForce } from './change.ts';
import { problemsOfChange } from './change.ts';
import type { Config } from './read.ts';
import { readConfig } from './read.ts';

const YAML = `
version: 1
monolith: { url: 'http://127.0.0.1:4000', database: 'postgres://u@h/mono' }
services:
  shop: { url: 'http://127.0.0.1:4001', database: 'postgres://u@h/shop' }
  other: { url: 'http://127.0.0.1:4002', database: 'postgres://u@h/other' }
migrations:
  catalog:
    service: shop
    routes: ['GET /api/products']
    tables: [{ from: a, to: b, key: { id: id }, columns: { n: n } }]
`;

function config(change: (yaml: string) => string = (yaml) => yaml): Config {
  const file = join(mkdtempSync(join(tmpdir(), 'strangler-config-')), 'strangler.yaml');
  writeFileSync(file, change(YAML));
  return readConfig(file, {});
}

const problems = (change: (yaml: string) => string, stage: InForce['stage']): string[] =>
  problemsOfChange(config(), config(change), [{ migration: 'catalog', stage }]).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

const STAGES = ['legacy', 'dual-write', 'shadow', 'canary', 'extracted', 'retired'] as const;
const UNDER_WAY = ['dual-write', 'shadow', 'canary', 'extracted'] as const;

describe('a new configuration while everything runs', () => {
  it.each([
    ['a new address of a service', (yaml: string) => yaml.replace('4001', '4009')],
    ['another route', (yaml: string) => yaml.replace("['GET /api/products']", "['* /api/products/*']")],
    ['other thresholds', (yaml: string) => `${yaml}    gates: { lagSeconds: 9 }\n`],
    [
      'one more migration',
      (yaml: string) => `${yaml}  cart: { service: other, routes: ['* /api/cart/*'] }\n`,
    ],
  ])('may bring %s in every stage', (_what, change) => {
    for (const stage of STAGES) expect(problems(change, stage)).toEqual([]);
  });

  it.each([
    ['proxy.listen', (yaml: string) => `${yaml}proxy: { listen: '127.0.0.1:9' }\n`],
    ['proxy.processes', (yaml: string) => `${yaml}proxy: { processes: 2 }\n`],
    ['control.listen', (yaml: string) => `${yaml}control: { listen: '127.0.0.1:9' }\n`],
    ['control.store', (yaml: string) => `${yaml}control: { store: 'postgres://u@h/c' }\n`],
  ])('may not change %s, which is opened once', (path, change) => {
    expect(problems(change, 'legacy')).toEqual([`${path}: ${path} ${FIXED}`]);
  });

  it.each([
    ['tables', (yaml: string) => yaml.replace('n: n', 'm: m'), 'migrations.catalog.tables'],
    ['database', (yaml: string) => yaml.replace('h/shop', 'h/new'), 'services.shop.database'],
    ['monolith', (yaml: string) => yaml.replace('h/mono', 'h/new'), 'monolith.database'],
    [
      'service',
      (yaml: string) => yaml.replace('service: shop', 'service: other'),
      'migrations.catalog.service',
    ],
  ])('may change the %s of a migration only while nothing is in sync', (_what, change, path) => {
    expect(problems(change, 'legacy')).toEqual([]);
    for (const stage of UNDER_WAY) {
      expect(problems(change, stage)[0]).toContain(`${path}: migration "catalog" is ${stage}`);
    }
  });

  it('may not change what moves together while one of it is under way', () => {
    const cart = (yaml: string): string => `${yaml}  cart: { service: other, routes: ['* /api/cart/*'] }\n`;
    const grouped = (yaml: string): string => `${cart(yaml)}together: [[catalog, cart]]\n`;
    const found = (from: typeof cart, to: typeof cart, stage: InForce['stage']): string[] =>
      problemsOfChange(config(from), config(to), [{ migration: 'catalog', stage }]).map(
        ({ message }) => message,
      );
    for (const stage of UNDER_WAY) {
      expect(found(cart, grouped, stage)).toEqual([
        `migration "catalog" is ${stage} and moves alone: that it moves together with cart cannot change under way; put it back, or roll back to legacy first`,
      ]);
      expect(found(grouped, cart, stage)[0]).toContain(
        'moves together with cart: that it moves alone cannot',
      );
    }
    expect(found(cart, grouped, 'legacy')).toEqual([]);
  });

  it('may not forget a migration that is under way or done: its requests would all go to the monolith', () => {
    const without = (yaml: string) => `${yaml.slice(0, yaml.indexOf('migrations:'))}migrations: {}\n`;
    expect(problems(without, 'legacy')).toEqual([]);
    for (const stage of [...UNDER_WAY, 'retired'] as const) {
      expect(problems(without, stage)).toEqual([
        expect.stringContaining(`migration "catalog" is ${stage} and missing here`),
      ]);
    }
  });
});

const FIXED = 'cannot change while the product runs; start it again for this';
