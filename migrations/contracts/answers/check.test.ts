import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { OpenApiDocument } from '../document.ts';
import { compileContract } from './check.ts';

const document = (schema: string, more = '', version = '3.1.0'): OpenApiDocument =>
  parse(`
openapi: ${version}
paths:
  /things/{id}:
    get:
      responses:
        '200': { content: { application/json: { schema: ${schema} } } }
        '204': { description: nothing }
        4XX: { content: { application/problem+json: { schema: { type: object } } } }
  /things/special:
    get:
      responses: { default: { content: { 'text/*': {} } } }
components:
  schemas:
    Thing: { type: object, required: [id], properties: { id: { type: integer }, name: { type: string } } }
    Priced: { allOf: [{ $ref: '#/components/schemas/Thing' }, { type: object, properties: { price: { type: string } } }] }
    Tree: { type: object, properties: { children: { type: array, items: { $ref: '#/components/schemas/Tree' } } } }
    ${more}`) as OpenApiDocument;

const answer = (body: unknown, over: object = {}) => ({
  method: 'GET',
  path: '/things/7',
  status: 200,
  contentType: 'application/json; charset=utf-8',
  body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
  ...over,
});
const said = (contract: OpenApiDocument, ...given: Parameters<typeof answer>): string[] =>
  compileContract(contract)
    .check(answer(...given))
    .map(({ field, problem }) => `${field} ${problem}`);

const THING = `{ $ref: '#/components/schemas/Thing' }`;

describe('an answer that is held to its contract', () => {
  it.each([
    ['what it says', THING, { id: 1, name: 'a' }, []],
    ['a field that nobody documented', THING, { id: 1, colour: 'red' }, ['$.colour is not documented']],
    [
      'one deep inside',
      `{ type: array, items: ${THING} }`,
      [{ id: 1 }, { id: 2, b: 1 }],
      ['$[*].b is not documented'],
    ],
    [
      'the same fault many times, once',
      `{ type: array, items: ${THING} }`,
      [{}, {}, {}],
      ['$[*].id is promised and not there'],
    ],
    ['another type', THING, { id: '1' }, ['$.id must be integer']],
    ['fields of all parts', `{ $ref: '#/components/schemas/Priced' }`, { id: 1, price: '1' }, []],
    [
      'one beside all parts',
      `{ $ref: '#/components/schemas/Priced' }`,
      { id: 1, cost: 1 },
      ['$.cost is not documented'],
    ],
    [
      'a tree',
      `{ $ref: '#/components/schemas/Tree' }`,
      { children: [{ children: [{ leaf: 1 }] }] },
      ['$.children[*].children[*].leaf is not documented'],
    ],
    ['anything where an object has no names', '{ type: object }', { a: 1 }, []],
    [
      'further fields where they are allowed',
      '{ type: object, properties: { a: {} }, additionalProperties: true }',
      { b: 1 },
      [],
    ],
    ['a choice that is free', `{ oneOf: [${THING}, { type: object, required: [b] }] }`, { b: 1, c: 2 }, []],
    ['an unknown format', '{ type: string, format: colour }', '"red"', []],
    ['a wrong date', '{ type: string, format: date-time }', '"red"', ['$ must match format "date-time"']],
  ])('%s', (_, schema, body, expected) => {
    expect(said(document(schema), body)).toEqual(expected);
  });

  it('knows null and limits as OpenAPI 3.0 says them', () => {
    const schema =
      '{ type: object, properties: { a: { type: integer, nullable: true, minimum: 0, exclusiveMinimum: true } } }';
    const old = document(schema, '', '3.0.3');
    expect(said(old, { a: null })).toEqual([]);
    expect(said(old, { a: 1 })).toEqual([]);
    expect(said(old, { a: 0 })).toContain('$.a must be > 0');
  });

  it('must have a documented status, media type and operation', () => {
    const contract = document(THING);
    expect(said(contract, '', { status: 302 })).toEqual(['status 302 is not documented']);
    expect(said(contract, '{}', { status: 418, contentType: 'application/problem+json' })).toEqual([]);
    expect(said(contract, 'a', { contentType: 'text/html' })).toEqual([
      'header content-type text/html is not documented for 200',
    ]);
    expect(said(contract, 'a', { contentType: null })).toEqual([
      'header content-type none is not documented for 200',
    ]);
    expect(said(contract, 'a', { status: 204 })).toEqual(['body of a 204 is not documented']);
    expect(said(contract, '', { status: 204, contentType: null })).toEqual([]);
    expect(said(contract, '{', {})).toEqual(['body is not JSON, though it says so']);
    expect(said(contract, '{}', { path: '/elsewhere' })).toEqual(['operation is not documented']);
    expect(said(contract, 'a', { path: '/things/special', contentType: 'text/plain' })).toEqual([]);
  });

  it('is never quoted: a value may be a secret', () => {
    const schema = `{ type: object, properties: { a: { type: string, enum: [x], pattern: '^x$', maxLength: 1 } } }`;
    expect(said(document(schema), { a: 'hunter2' }).join()).not.toContain('hunter2');
  });
});
