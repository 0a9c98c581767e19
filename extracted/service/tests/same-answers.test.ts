import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ask, type Example } from '../testing/ask.ts';
import { type Running, start } from '../testing/running.ts';
import { CARTS, ORDERS, PAYMENTS } from '../testing/same-data.ts';

const REFERENCE = 'a'.repeat(32);
const LATE = 'b'.repeat(32);
const CARD = { method: 'card', amount: '12.50' };
const ORDER = {
  customerId: 1,
  total: '5.10',
  lines: [{ productId: 1, description: 'LANTERN', quantity: 2, unitPrice: '2.550' }],
};

/** Asked in this order of both sides, so that later answers show what earlier writes did. */
const EXAMPLES: Record<'cart' | 'orders' | 'payments', { seeds: [string, string]; examples: Example[] }> = {
  cart: {
    seeds: CARTS,
    examples: [
      [200, 'GET', '/api/carts/1'],
      [404, 'GET', '/api/carts/9'],
      [400, 'GET', '/api/carts/x'],
      [201, 'POST', '/api/carts', {}],
      [201, 'POST', '/api/carts', { customerId: 1 }],
      [400, 'POST', '/api/carts', { customerId: 99 }],
      [400, 'POST', '/api/carts', { colour: 'red' }],
      [201, 'POST', '/api/carts/2/lines', { productId: 2, quantity: 3 }],
      [201, 'POST', '/api/carts/2/lines', { productId: 2, quantity: 1 }],
      [201, 'POST', '/api/carts/2/lines', { productId: 1, quantity: 10000 }],
      [409, 'POST', '/api/carts/2/lines', { productId: 3, quantity: 1 }],
      [400, 'POST', '/api/carts/2/lines', { productId: 99, quantity: 1 }],
      [404, 'POST', '/api/carts/9/lines', { productId: 1, quantity: 1 }],
      [200, 'PUT', '/api/carts/1/lines/1', { quantity: 7 }],
      [404, 'PUT', '/api/carts/2/lines/1', { quantity: 7 }],
      [400, 'PUT', '/api/carts/1/lines/1', { quantity: 0 }],
      [200, 'DELETE', '/api/carts/1/lines/1'],
      [404, 'DELETE', '/api/carts/1/lines/1'],
      [404, 'POST', '/api/carts/9/checkout', { method: 'card' }],
      [400, 'POST', '/api/carts/1/checkout', { method: 'gold' }],
      [201, 'POST', '/api/carts/2/checkout', { method: 'card' }],
      [409, 'POST', '/api/carts/2/checkout', { method: 'card' }],
      [409, 'POST', '/api/carts/3/checkout', { method: 'card' }],
      [200, 'GET', '/api/carts/2'],
    ],
  },
  orders: {
    seeds: ORDERS,
    examples: [
      [200, 'GET', '/api/orders'],
      [200, 'GET', '/api/orders?customer=1&size=1'],
      [400, 'GET', '/api/orders?page=0'],
      [200, 'GET', '/api/orders/1'],
      [200, 'GET', '/api/orders/2'],
      [404, 'GET', '/api/orders/99'],
      [200, 'PUT', `/internal/placements/${REFERENCE}`, ORDER],
      [200, 'PUT', `/internal/placements/${REFERENCE}`, ORDER],
      [400, 'PUT', `/internal/placements/${REFERENCE}`, { ...ORDER, lines: [] }],
      [400, 'PUT', '/internal/placements/7', ORDER],
      [409, 'DELETE', `/internal/placements/${REFERENCE}`],
      [204, 'DELETE', `/internal/placements/${LATE}`],
      [409, 'PUT', `/internal/placements/${LATE}`, ORDER],
      [200, 'POST', '/api/orders/3/cancel'],
      [409, 'POST', '/api/orders/3/cancel'],
      [404, 'POST', '/api/orders/99/cancel'],
      [200, 'GET', '/api/orders'],
    ],
  },
  payments: {
    seeds: PAYMENTS,
    examples: [
      [200, 'GET', '/api/payments'],
      [200, 'GET', '/api/payments?order=2&size=1'],
      [400, 'GET', '/api/payments?order=x'],
      [200, 'GET', '/api/payments/1'],
      [404, 'GET', '/api/payments/99'],
      [204, 'PUT', `/internal/authorisations/${REFERENCE}`, CARD],
      [204, 'PUT', `/internal/authorisations/${REFERENCE}`, CARD],
      [400, 'PUT', `/internal/authorisations/${REFERENCE}`, { ...CARD, amount: 12.5 }],
      [204, 'POST', `/internal/authorisations/${REFERENCE}/capture`, { orderId: 2, ...CARD }],
      [204, 'POST', `/internal/authorisations/${REFERENCE}/capture`, { orderId: 2, ...CARD }],
      [409, 'POST', `/internal/authorisations/${REFERENCE}/void`],
      [204, 'POST', `/internal/authorisations/${LATE}/void`],
      [204, 'POST', `/internal/authorisations/${LATE}/void`],
      [409, 'PUT', `/internal/authorisations/${LATE}`, CARD],
      [409, 'POST', `/internal/authorisations/${LATE}/capture`, { orderId: 1, ...CARD }],
      [200, 'POST', '/api/payments/1/refund'],
      [409, 'POST', '/api/payments/1/refund'],
      [404, 'POST', '/api/payments/99/refund'],
      [204, 'POST', '/internal/refunds', { orderId: 2 }],
      [204, 'PUT', `/internal/authorisations/${'c'.repeat(32)}`, CARD],
      [204, 'POST', `/internal/authorisations/${'c'.repeat(32)}/capture`, { orderId: 2, ...CARD }],
      [200, 'GET', '/api/payments'],
    ],
  },
};

describe.each(['cart', 'orders', 'payments'] as const)('the %s service', (name) => {
  const { seeds, examples } = EXAMPLES[name];
  let monolith: Running;
  let beside: Running;
  let service: Running;
  beforeAll(async () => {
    // The rest of the shop of a service is a monolith of its own: what is written there must not meet.
    const started = () => start('monolith', seeds[0], { INTERNAL_PORT: '0' });
    [monolith, beside] = await Promise.all([started(), started()]);
    service = await start(name, seeds[1], {
      SHOP_URL: beside.url,
      CATALOG_PLACES: beside.internalUrl,
      ORDERS_PLACES: beside.internalUrl,
      PAYMENTS_PLACES: beside.internalUrl,
    });
  });
  afterAll(() => Promise.all([monolith.stop(), beside.stop(), service.stop()]));

  it.each(examples)('answers %i to %s %s, as the monolith does', async (...example) => {
    const ofMonolith = example[2].startsWith('/internal/') ? monolith.internalUrl : monolith.url;

    const [expected, actual] = [await ask(ofMonolith, example), await ask(service.url, example)];

    expect(actual).toEqual(expected);
    expect(actual.status).toBe(example[0]);
  });

  it('is asked here for all that its contract has beside its health', () => {
    const file = readFileSync(new URL(`../../${name}/openapi.yaml`, import.meta.url), 'utf8');
    const { paths } = parse(file) as { paths: Record<string, object> };
    const documented = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((key) => key !== 'parameters')
        .map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '{}')}`),
    );

    const asked = new Set(
      examples
        .filter(([status]) => status < 300)
        .map(
          ([, method, path]) => `${method} ${path.replace(/\?.*/, '').replace(/[0-9a-f]{32}|\d+/g, '{}')}`,
        ),
    );

    expect(documented.filter((operation) => !asked.has(operation))).toEqual(['GET /health', 'GET /ready']);
  });
});
