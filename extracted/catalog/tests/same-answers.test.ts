import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ask, type Example } from '../../service/testing/ask.ts';
import { type Running, start } from '../../service/testing/running.ts';
import { IN_CATALOG, IN_MONOLITH } from '../../service/testing/same-data.ts';

const COMPLETE = { name: 'MUG', price: '3.00', status: 'hidden', categoryId: 2, reorderLevel: 7 };

/** Asked in this order of both sides, so that later answers show what earlier writes did. */
const EXAMPLES: Example[] = [
  [200, 'GET', '/api/categories'],
  [200, 'GET', '/api/products'],
  [200, 'GET', '/api/products?page=2&size=2'],
  [200, 'GET', '/api/products?page=9'],
  [200, 'GET', '/api/products?category=1&q=B'],
  [200, 'GET', '/api/products?q=85123a'],
  [200, 'GET', '/api/products?q=50%25_'],
  [200, 'GET', '/api/products?q=cr%C3%A8me'],
  [400, 'GET', '/api/products?page=0'],
  [400, 'GET', '/api/products?size=1e2&category=x'],
  [200, 'GET', '/api/products/1'],
  [200, 'GET', '/api/products/2'],
  [200, 'GET', '/api/products/3'],
  [200, 'GET', '/api/products/4'],
  [404, 'GET', '/api/products/99'],
  [400, 'GET', '/api/products/2147483648'],
  [400, 'GET', '/api/products/abc'],
  [400, 'GET', '/api/products/%E0%A4%A'],
  [200, 'GET', '/api/products/1/stock'],
  [404, 'GET', '/api/products/99/stock'],
  [200, 'GET', '/api/products/1/stock-movements?size=2'],
  [200, 'GET', '/api/products/4/stock-movements'],
  [404, 'GET', '/api/products/99/stock-movements'],
  [200, 'HEAD', '/api/products/1'],
  [201, 'POST', '/api/products', { sku: 'N1', price: '0.05' }],
  [201, 'POST', '/api/products', { sku: 'n1', ...COMPLETE }],
  [409, 'POST', '/api/products', { sku: 'N1', price: '0.05' }],
  [400, 'POST', '/api/products', { sku: 'N2', price: '1.00', categoryId: 99 }],
  [400, 'POST', '/api/products', { sku: '', price: '1.005', colour: 'red' }],
  [400, 'POST', '/api/products', { sku: 'a\u0000b', price: '1.00' }],
  [400, 'POST', '/api/products', '{"sku":'],
  [400, 'POST', '/api/products'],
  [413, 'POST', '/api/products', { sku: 'x'.repeat(200_000) }],
  [200, 'PUT', '/api/products/1', COMPLETE],
  [200, 'PUT', '/api/products/2', { ...COMPLETE, name: null, categoryId: null, reorderLevel: null }],
  [400, 'PUT', '/api/products/1', { ...COMPLETE, categoryId: 99 }],
  [404, 'PUT', '/api/products/99', { ...COMPLETE, categoryId: 99 }],
  [400, 'PUT', '/api/products/1', { price: '3.00' }],
  [200, 'PATCH', '/api/products/1/price', { price: '0000000009.90' }],
  [404, 'PATCH', '/api/products/99/price', { price: '9.90' }],
  [400, 'PATCH', '/api/products/1/price', { price: 9.9 }],
  [201, 'POST', '/api/products/1/stock-movements', { quantity: 3, reason: 'sale', unitPrice: '0.001' }],
  [201, 'POST', '/api/products/1/stock-movements', { quantity: -2, reason: 'return', reference: 'C1' }],
  [201, 'POST', '/api/products/1/stock-movements', { quantity: -4, reason: 'adjustment' }],
  [404, 'POST', '/api/products/99/stock-movements', { quantity: 1, reason: 'sale' }],
  [400, 'POST', '/api/products/1/stock-movements', { quantity: 0.5, reason: 'gift' }],
  [201, 'POST', '/api/products/2/stock-movements', { quantity: 1, reason: 'sale' }],
  [200, 'GET', '/api/products/1/stock-movements'],
  [409, 'DELETE', '/api/products/1'],
  [204, 'DELETE', '/api/products/5'],
  [404, 'DELETE', '/api/products/5'],
  [404, 'GET', '/api/products/5/stock'],
  [404, 'GET', '/api/products/1/nothing'],
  [404, 'POST', '/api/categories', {}],
  [200, 'GET', '/api/products'],
];

describe('the catalog service', () => {
  let monolith: Running;
  let catalog: Running;
  beforeAll(async () => {
    [monolith, catalog] = await Promise.all([start('monolith', IN_MONOLITH), start('catalog', IN_CATALOG)]);
  });
  afterAll(() => Promise.all([monolith.stop(), catalog.stop()]));

  it.each(EXAMPLES)('answers %i to %s %s, as the monolith does', async (...example) => {
    const [expected, actual] = [await ask(monolith.url, example), await ask(catalog.url, example)];

    expect(actual).toEqual(expected);
    expect(actual.status).toBe(example[0]);
  });

  it('is asked here for all that its contract has beside its health', () => {
    const file = readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8');
    const { paths } = parse(file) as { paths: Record<string, object> };
    const documented = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((key) => key !== 'parameters')
        .map((method) => `${method.toUpperCase()} ${path}`),
    );

    const asked = new Set(
      EXAMPLES.filter(([status]) => status < 300).map(
        ([, method, path]) => `${method} ${path.replace(/\?.*/, '').replace(/\d+/, '{id}')}`,
      ),
    );

    const notAsked = documented.filter(
      (operation) => !asked.has(operation) && !operation.includes('/internal/'),
    );
    // The monolith keeps no such account.
    expect(notAsked).toEqual(['GET /health', 'GET /ready', 'GET /api/products/{id}/sales']);
  });
});
