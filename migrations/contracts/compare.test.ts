import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { breakingDifferences } from './compare.ts';
import type { OpenApiDocument } from './document.ts';

const OLD = `
paths:
  /api/products/{id}:
    get:
      parameters: [{ name: id, in: path, required: true }]
      responses:
        '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Product' } } } }
        '404': { description: none }
  /api/orders:
    get: { responses: { '200': {} } }
components:
  schemas:
    Product:
      type: object
      required: [id, name]
      properties: { id: { type: integer }, name: { type: [string, 'null'] }, tags: { type: array, items: { type: string } } }`;

const compare = (change: (text: string) => string, method = 'GET'): string[] =>
  breakingDifferences(parse(OLD) as OpenApiDocument, parse(change(OLD)) as OpenApiDocument, [
    { method, path: '/api/products/{productId}' },
  ]);
const label = 'GET /api/products/{id}';

describe('the contract gate', () => {
  it('is content with the same contract, another name of a path parameter, and more than before', () => {
    expect(compare((text) => text)).toEqual([]);
    expect(compare((text) => text.replace('/{id}', '/{product}'))).toEqual([]);
    expect(compare((text) => text.replace('tags:', 'added: { type: string }, tags:'))).toEqual([]);
  });

  it('looks only at the routes of the migration', () => {
    expect(compare((text) => text.replace(/ {2}\/api\/orders:\n.*\n/, ''))).toEqual([]);
  });

  it.each([
    [
      'an operation is gone',
      '/api/products/{id}:',
      '/api/other/{id}:',
      `${label}: the service does not document it`,
    ],
    ['a status is gone', "'404': { description: none }", '', `${label}: status 404 is gone`],
    ['a field is gone', 'tags: {', 'labels: {', `${label}: answer 200.tags is gone`],
    [
      'a type changed',
      'id: { type: integer }',
      'id: { type: string }',
      `${label}: answer 200.id was integer and is string`,
    ],
    [
      'the type of an element changed',
      'items: { type: string }',
      'items: { type: integer }',
      `${label}: answer 200.tags[] was string and is integer`,
    ],
    [
      'a field became optional',
      'required: [id, name]',
      'required: [id]',
      `${label}: answer 200.name was always there and is optional now`,
    ],
    [
      'a parameter became required',
      '[{ name: id',
      '[{ name: tenant, in: query, required: true }, { name: id',
      `${label}: query parameter tenant is required now`,
    ],
  ])('refuses when %s', (_, from, to, message) => {
    expect(compare((text) => text.replace(from, to))).toEqual([message]);
  });
});
