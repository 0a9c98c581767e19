import { describe, expect, it } from '@jest/globals';
import { compare, inWords, type Answer } from './compare.ts';

const answer = (body: unknown, status = 200): Answer => ({
  status,
  contentType: 'application/json',
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const found = (left: unknown, right: unknown, ...ignored: string[]): string[] =>
  compare(
    answer(left),
    answer(right),
    ignored.map((path) => ({ path, reason: 'test' })),
  ).map(inWords);

describe('comparing two answers', () => {
  it('finds none in the order of keys, in white space or in the spelling of numbers', () => {
    expect(found('{"a":1,"b":[1,2]}', ' {"b": [1.0, 2], "a": 1e0}')).toEqual([]);
  });

  it('names the place and both values', () => {
    expect(found({ items: [{ price: 10 }] }, { items: [{ price: '10' }] })).toEqual([
      '/items/0/price: monolith 10, service "10"',
    ]);
    expect(found({ a: null, b: [1, 2] }, { b: [2, 1] })).toEqual([
      '/a: monolith null, service nothing',
      '/b/0: monolith 1, service 2',
      '/b/1: monolith 2, service 1',
    ]);
    expect(found({ a: { b: 1 } }, { a: [1] })).toEqual([
      '/a: monolith an object with 1 fields, service a list of 1',
    ]);
  });

  it('looks at the status before anything else', () => {
    expect(compare(answer('a', 200), answer('b', 404), [])).toEqual([
      { path: 'status', left: '200', right: '404' },
    ]);
  });

  it('compares what is no JSON by its bytes', () => {
    expect(found('<p>a</p>', '<p>a</p>')).toEqual([]);
    expect(found('<p>a</p>', '<p>b</p>')).toEqual(['body: monolith <p>a</p>, service <p>b</p>']);
  });

  it('ignores fields by name at any depth, and places by pointer', () => {
    const left = { at: 1, items: [{ at: 1, id: 1, 'a/b': 1 }] };
    const right = { at: 2, items: [{ at: 2, id: 2, 'a/b': 2 }] };
    expect(found(left, right, 'at', 'a/b')).toEqual(['/items/0/id: monolith 1, service 2']);
    expect(found(left, right, '/items/*/id', '/items/0/at', 'a/b')).toEqual(['/at: monolith 1, service 2']);
    expect(found(left, right, '/items')).toEqual(['/at: monolith 1, service 2']);
  });

  it('bounds what it says about an answer, however big or deep', () => {
    const deep = (value: number) => '['.repeat(100_000) + value + ']'.repeat(100_000);
    expect(found(deep(1), deep(2))[0]).toMatch(/nested too deeply/);
    const wide = (value: number) => Array.from({ length: 1000 }, () => value);
    expect(found(wide(1), wide(2))).toHaveLength(50);
    expect(found({ a: 'x'.repeat(1000) }, { a: 1 })[0]?.length).toBeLessThan(100);
  });
});
