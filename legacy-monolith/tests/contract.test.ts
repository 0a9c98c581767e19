import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import request from 'supertest';
import { parse } from 'yaml';
import { z } from 'zod';
import { openTestShop, type TestShop } from '../testing/shop.ts';

interface Operation {
  operationId: string;
  responses: Record<string, { content?: { 'application/json': { schema: object } } }>;
}

interface Contract {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;
const contract = parse(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')) as Contract;

const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => (item[method] ? [{ method, path, ...item[method] }] : [])),
);

/** Every operation once, in an order in which each finds what the ones before it made. */
const REQUESTS: [operationId: string, status: number, path: string, body?: object][] = [
  ['getHealth', 200, '/api/health'],
  ['listCategories', 200, '/api/categories'],
  ['listProducts', 200, '/api/products?category=1&q=lant&page=1&size=5'],
  ['createProduct', 201, '/api/products', { sku: 'N1', price: '1.00', name: 'NEW' }],
  ['getProduct', 200, '/api/products/1'],
  [
    'updateProduct',
    200,
    '/api/products/1',
    { name: 'LANTERN', price: '2.60', status: 'active', categoryId: 1, reorderLevel: 5 },
  ],
  ['changePrice', 200, '/api/products/1/price', { price: '2.65' }],
  ['getStock', 200, '/api/products/1/stock'],
  ['bookStockMovement', 201, '/api/products/1/stock-movements', { quantity: 5, reason: 'adjustment' }],
  ['listStockMovements', 200, '/api/products/1/stock-movements'],
  ['deleteProduct', 204, '/api/products/4'],
  ['createCustomer', 201, '/api/customers', { name: 'Ann', email: 'ann@example.com' }],
  ['listCustomers', 200, '/api/customers'],
  ['getCustomer', 200, '/api/customers/1'],
  ['updateCustomer', 200, '/api/customers/1', { name: 'Anna', country: 'EIRE' }],
  ['createCart', 201, '/api/carts', { customerId: 1 }],
  ['addCartLine', 201, '/api/carts/1/lines', { productId: 1, quantity: 1 }],
  ['changeCartLine', 200, '/api/carts/1/lines/1', { quantity: 3 }],
  ['getCart', 200, '/api/carts/1'],
  ['removeCartLine', 200, '/api/carts/1/lines/1'],
  ['addCartLine', 201, '/api/carts/1/lines', { productId: 2, quantity: 1 }],
  ['checkOut', 201, '/api/carts/1/checkout', { method: 'invoice' }],
  ['listOrders', 200, '/api/orders?customer=1'],
  ['getOrder', 200, '/api/orders/1'],
  ['listPayments', 200, '/api/payments?order=1'],
  ['getPayment', 200, '/api/payments/1'],
  ['refundPayment', 200, '/api/payments/1/refund'],
  ['cancelOrder', 200, '/api/orders/1/cancel'],
];

describe('the contract of the shop', () => {
  let shop: TestShop;
  beforeAll(async () => {
    shop = await openTestShop();
  });
  afterAll(() => shop.close());

  it('has every route of the application, and none besides', () => {
    const served = shop.app.router.stack.flatMap(({ route }) =>
      route ? route.stack.map(({ method }) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`) : [],
    );

    expect(served.sort()).toEqual(operations.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('is exercised here in every operation', () => {
    const exercised = new Set(REQUESTS.map(([operationId]) => operationId));
    expect([...exercised].sort()).toEqual(operations.map(({ operationId }) => operationId).sort());
  });

  const requests = REQUESTS.map(([operationId, status, path, body]) => ({ operationId, status, path, body }));

  it.each(requests)('is kept by $operationId, which answers $status', async (example) => {
    const { operationId, status, path, body } = example;
    const operation = operations.find((candidate) => candidate.operationId === operationId)!;
    const answer = await request(shop.app)[operation.method](path).send(body);

    expect({ status: answer.status, body: answer.body }).toMatchObject({ status });
    const schema = operation.responses[status]?.content?.['application/json'].schema;
    if (schema) answerSchema(schema).parse(answer.body);
    else expect(answer.text).toBe('');
  });

  it.each([
    { method: 'get', path: '/api/products/1.5', status: 400 },
    { method: 'get', path: '/api/products/2147483648', status: 400 },
    { method: 'get', path: '/api/products/99', status: 404 },
    { method: 'get', path: '/api/products?size=101', status: 400 },
    { method: 'get', path: '/api/nothing', status: 404 },
    { method: 'post', path: '/api/customers', body: { email: 'nobody' }, status: 400 },
    { method: 'post', path: '/api/carts', body: { customerId: 99 }, status: 400 },
    { method: 'post', path: '/api/carts/1/checkout', body: { method: 'card' }, status: 409 },
    { method: 'post', path: '/api/carts/9/checkout', body: { method: 'card' }, status: 404 },
    { method: 'put', path: '/api/customers/99', body: {}, status: 404 },
    { method: 'post', path: '/api/payments/1/refund', status: 409 },
  ] as const)('answers $method $path with the documented error, $status', async (example) => {
    const { method, path, status } = example;
    const answer = await request(shop.app)
      [method](path)
      .send('body' in example ? example.body : undefined);

    expect(answer.status).toBe(status);
    answerSchema({ $ref: '#/components/schemas/Error' }).parse(answer.body);
  });
});

/** The documented schema, made strict: what is not documented must not be answered. */
function answerSchema(schema: object): z.ZodType {
  const close = (key: string, value: unknown): unknown =>
    isObject(value) && 'properties' in value ? { ...value, additionalProperties: false } : value;
  const text = JSON.stringify({ allOf: [schema], $defs: contract.components.schemas }, close);
  const document: unknown = JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/'));
  return z.fromJSONSchema(document as Parameters<typeof z.fromJSONSchema>[0]);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
