import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { breakingDifferences, differences } from './compare.ts';
import { readContract } from './document.ts';
import type { OpenApiDocument } from './document.ts';

/** An operation in OpenAPI 3.1; `{}` are replaced by what a case changes. */
const document = (body: string, answer: string, more = ''): OpenApiDocument =>
  parse(`
openapi: 3.1.0
paths:
  /things:
    post:
      ${more}
      requestBody: { content: { application/json: { schema: ${body} } } }
      responses:
        '200': { content: { application/json: { schema: ${answer} } } }`) as OpenApiDocument;

const OBJECT = '{ type: object, properties: { a: { type: integer } } }';
const things = [{ method: 'POST', path: '/things' }];
const said = (old: OpenApiDocument, next: OpenApiDocument): string[] =>
  differences(old, next, things).map(({ severity, message }) => `${severity}: ${message}`);

type Case = [what: string, from: string, to: string, said: string | null];

const INPUT: Case[] = [
  ['the same', OBJECT, OBJECT, null],
  ['a wider type', '{ type: integer }', '{ type: [integer, string] }', null],
  ['an integer where numbers are', '{ type: integer }', '{ type: number }', null],
  [
    'a narrower type',
    '{ type: [integer, string] }',
    '{ type: integer }',
    'breaking: body accepted integer|string and accepts integer',
  ],
  [
    'no null any more, as 3.1 says it',
    "{ type: [string, 'null'] }",
    '{ type: string }',
    'breaking: body accepted string|null and accepts string',
  ],
  [
    'no null any more, as 3.0 says it',
    '{ type: string, nullable: true }',
    '{ type: string }',
    'breaking: body accepted string|null and accepts string',
  ],
  [
    'null in the words of 3.0 and of 3.1',
    '{ type: string, nullable: true }',
    "{ type: [string, 'null'] }",
    null,
  ],
  [
    'null as a choice',
    "{ anyOf: [{ type: string, maxLength: 5 }, { type: 'null' }] }",
    "{ type: [string, 'null'], maxLength: 5 }",
    null,
  ],
  ['a value less', '{ enum: [a, b] }', '{ enum: [a] }', 'breaking: body does not accept b any more'],
  ['a value more', '{ enum: [a] }', '{ enum: [a, b] }', null],
  [
    'listed values only',
    '{ type: string }',
    '{ type: string, enum: [a] }',
    'breaking: body accepts only a now',
  ],
  ['a constant for a list of one', '{ enum: [a] }', '{ const: a }', null],
  [
    'a higher minimum',
    '{ type: integer, minimum: 1 }',
    '{ type: integer, minimum: 2 }',
    'breaking: body has to be 2 at least now, the least was 1',
  ],
  [
    'a maximum where none was',
    '{ type: integer }',
    '{ type: integer, maximum: 9 }',
    'breaking: body may be 9 at most now, the most had no limit',
  ],
  ['a lower minimum', '{ type: integer, minimum: 2 }', '{ type: integer, minimum: 1 }', null],
  [
    'a shorter text',
    '{ type: string, maxLength: 9 }',
    '{ type: string, maxLength: 8 }',
    'breaking: body may have a length of 8 at most now, the most was 9',
  ],
  [
    'a longer list needed',
    '{ type: array, items: {} }',
    '{ type: array, items: {}, minItems: 1 }',
    'breaking: body has to have a length of 1 at least now, the least had no limit',
  ],
  ['a pattern', '{ type: string }', '{ type: string, pattern: x }', 'warning: body has to match x now'],
  [
    'a field required',
    OBJECT,
    '{ type: object, required: [a], properties: { a: { type: integer } } }',
    'breaking: body.a is required now',
  ],
  ['a field ignored', OBJECT, '{ type: object }', 'warning: body.a is ignored now'],
  [
    'a field refused',
    OBJECT,
    '{ type: object, additionalProperties: false }',
    'breaking: body.a is refused now',
  ],
  [
    'a field of another type',
    OBJECT,
    '{ type: object, properties: { a: { type: string } } }',
    'breaking: body.a accepted integer and accepts string',
  ],
  [
    'a field more, that may be left out',
    OBJECT,
    '{ type: object, properties: { a: { type: integer }, b: {} } }',
    null,
  ],
  [
    'a field required by a part',
    OBJECT,
    `{ allOf: [${OBJECT}, { required: [a] }] }`,
    'breaking: body.a is required now',
  ],
  [
    'an element of another type',
    '{ type: array, items: { type: integer } }',
    '{ type: array, items: { type: string } }',
    'breaking: body[] accepted integer and accepts string',
  ],
];

const OUTPUT: Case[] = [
  ['the same', OBJECT, OBJECT, null],
  ['a narrower type', '{ type: [integer, string] }', '{ type: integer }', null],
  ['an integer where numbers were', '{ type: number }', '{ type: integer }', null],
  [
    'a number where integers were',
    '{ type: integer }',
    '{ type: number }',
    'breaking: answer 200 was integer and is number',
  ],
  [
    'null where none was',
    '{ type: string }',
    '{ type: string, nullable: true }',
    'breaking: answer 200 was string and is string|null',
  ],
  [
    'null as a choice where none was',
    '{ type: string }',
    "{ oneOf: [{ type: string }, { type: 'null' }] }",
    'breaking: answer 200 was string and is string|null',
  ],
  [
    'a value that nobody knows',
    '{ enum: [a] }',
    '{ enum: [a, b] }',
    'breaking: answer 200 has new values: b',
  ],
  [
    'any value',
    '{ type: string, enum: [a] }',
    '{ type: string }',
    'breaking: answer 200 was one of a and is any value now',
  ],
  ['a value less', '{ enum: [a, b] }', '{ enum: [a] }', null],
  ['a field less', OBJECT, '{ type: object }', 'breaking: answer 200.a is gone'],
  ['a field more', '{ type: object }', OBJECT, null],
  [
    'a field less promised',
    '{ type: object, required: [a], properties: { a: {} } }',
    '{ type: object, properties: { a: {} } }',
    'breaking: answer 200.a was always there and is optional now',
  ],
  [
    'a format lost',
    '{ type: string, format: date }',
    '{ type: string }',
    'warning: answer 200 had the format date and has none',
  ],
  ['a field of a part less', `{ allOf: [${OBJECT}] }`, '{ type: object }', 'breaking: answer 200.a is gone'],
];

describe('what a client can notice', () => {
  it.each(INPUT)('of a body: %s', (_what, from, to, expected) => {
    expect(said(document(from, '{}'), document(to, '{}'))).toEqual(
      expected === null ? [] : [expected.replace(': ', ': POST /things: ')],
    );
  });

  it.each(OUTPUT)('of an answer: %s', (_what, from, to, expected) => {
    expect(said(document('{}', from), document('{}', to))).toEqual(
      expected === null ? [] : [expected.replace(': ', ': POST /things: ')],
    );
  });

  it.each([
    [
      'a parameter less',
      'parameters: [{ name: q, in: query }]',
      '',
      'warning: query parameter q is ignored now',
    ],
    ['a parameter that may be left out', '', 'parameters: [{ name: q, in: query }]', null],
    [
      'a parameter that may not',
      '',
      'parameters: [{ name: q, in: query, required: true }]',
      'breaking: query parameter q is required now',
    ],
    [
      'a parameter with a lower maximum',
      'parameters: [{ name: size, in: query, schema: { type: integer, maximum: 100 } }]',
      'parameters: [{ name: size, in: query, schema: { type: integer, maximum: 50 } }]',
      'breaking: query parameter size may be 50 at most now, the most was 100',
    ],
  ])('of parameters: %s', (_what, from, to, expected) => {
    expect(said(document('{}', '{}', from), document('{}', '{}', to))).toEqual(
      expected === null ? [] : [expected.replace(': ', ': POST /things: ')],
    );
  });

  const of = (operation: string) => parse(`paths: { /things: { post: ${operation} } }`) as OpenApiDocument;

  it.each([
    [
      'a body required',
      '{ requestBody: { content: {} } }',
      '{ requestBody: { required: true, content: {} } }',
      'breaking: a body is required now',
    ],
    [
      'a body of another type',
      '{ requestBody: { content: { text/csv: {} } } }',
      '{ requestBody: { content: { application/json: {} } } }',
      'breaking: a body of text/csv is not accepted any more',
    ],
    [
      'an answer of another type',
      "{ responses: { '200': { content: { text/html: {} } } } }",
      "{ responses: { '200': { content: { application/json: {} } } } }",
      'breaking: answer 200 is not text/html any more',
    ],
    [
      'an answer with another charset',
      "{ responses: { '200': { content: { text/html: {} } } } }",
      "{ responses: { '200': { content: { text/html; charset=utf-8: {} } } } }",
      null,
    ],
    [
      'a status less',
      "{ responses: { '200': {}, '404': {} } }",
      "{ responses: { '200': {} } }",
      'breaking: status 404 is gone',
    ],
    [
      'a success of another kind',
      "{ responses: { '200': {} } }",
      "{ responses: { '200': {}, '202': {} } }",
      'breaking: status 202 is new',
    ],
    [
      'one more way to fail',
      "{ responses: { '200': {} } }",
      "{ responses: { '200': {}, '429': {} } }",
      'warning: status 429 is new',
    ],
  ])('of operations: %s', (_what, from, to, expected) => {
    expect(said(of(from), of(to))).toEqual(
      expected === null ? [] : [expected.replace(': ', ': POST /things: ')],
    );
  });

  it('is nothing between schemas that refer to themselves', () => {
    const circle = parse(`
paths: { /things: { post: { responses: { '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Node' } } } } } } } }
components: { schemas: { Node: { type: object, properties: { next: { $ref: '#/components/schemas/Node' } } } } }`) as OpenApiDocument;

    expect(said(circle, circle)).toEqual([]);
  });
});

describe('the contracts of the reference shop', () => {
  const file = (path: string) => new URL(`../../${path}/openapi.yaml`, import.meta.url).pathname;

  it.each([
    ['catalog', '/api/products'],
    ['cart', '/api/carts'],
    ['orders', '/api/orders'],
    ['payments', '/api/payments'],
  ])('are kept by the service %s', async (name, path) => {
    const [monolith, service] = [
      await readContract(file('legacy-monolith')),
      await readContract(file(`extracted/${name}`)),
    ];

    expect(breakingDifferences(monolith, service, [{ method: '*', path: `${path}/*` }])).toEqual([]);
  });
});
