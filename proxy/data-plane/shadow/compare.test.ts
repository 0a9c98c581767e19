import { describe, expect, it } from '@jest/globals';
import { compare, type Answer } from './compare.ts';
import { compileRules } from './rules.ts';
import { shadowSchema } from './schema.ts';

type Settings = Parameters<typeof shadowSchema.parse>[0];

const answer = (body: unknown, status = 200, headers = {}): Answer => ({
  status,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const differences = (left: Answer, right: Answer, settings: Settings = {}) =>
  compare(left, right, compileRules(shadowSchema.parse(settings)));
const found = (left: unknown, right: unknown, settings: Settings = {}): string[] =>
  differences(answer(left), answer(right), settings).map(
    ({ place, monolith, service }) => `${place}: ${monolith} | ${service}`,
  );
const ignoring = (...paths: string[]) => ({ ignore: paths.map((path) => ({ path, reason: 'test' })) });

describe('comparing two answers', () => {
  it('finds none in the order of keys, in white space or in the spelling of numbers', () => {
    expect(found('{"a":1,"b":[1,2,100],"c":-0}', ' {"c":0, "b": [1.0, 2, 1e2], "a": 1e0}')).toEqual([]);
  });

  it('names the place, the field and both values', () => {
    expect(differences(answer({ items: [{ price: 10 }] }), answer({ items: [{ price: '10' }] }))).toEqual([
      { field: '$.items[*].price', place: '$.items[0].price', monolith: '10', service: '"10"' },
    ]);
    expect(found({ a: null, b: [1, 2] }, { b: [2, 1] })).toEqual([
      '$.a: null | nothing',
      '$.b[0]: 1 | 2',
      '$.b[1]: 2 | 1',
    ]);
    expect(found({ a: { b: 1 } }, { a: [1] })).toEqual(['$.a: an object with 1 fields | a list of 1']);
    expect(found({ "it's": { 'a b': 1 } }, { "it's": { 'a b': 2 } })).toEqual(["$['it\\'s']['a b']: 1 | 2"]);
  });

  it('is not deceived by keys that every object seems to have', () => {
    expect(found('{"constructor":1}', '{}')).toEqual(['$.constructor: 1 | nothing']);
    expect(found('{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}')).toEqual(['$.__proto__.a: 1 | 2']);
    expect(found('{"__proto__":1}', '{}')).toEqual(['$.__proto__: 1 | nothing']);
  });

  it('looks at the status before anything else', () => {
    expect(differences(answer('a', 200), answer('b', 404))).toEqual([
      { field: 'status', place: 'status', monolith: '200', service: '404' },
    ]);
  });

  it('compares what is no JSON by its bytes, and shows where it begins to differ', () => {
    expect(found('<p>a</p>', '<p>a</p>')).toEqual([]);
    expect(found('<p>a</p>', '<p>b</p>')).toEqual(['body: <p>a</p> | <p>b</p>']);
    const long = (end: string) => `<p>${'x'.repeat(500)}${end}</p>`;
    expect(found(long('a'), long('b'))).toEqual([`body: …${'x'.repeat(20)}a</p> | …${'x'.repeat(20)}b</p>`]);
    expect(found('', 'a')).toEqual(['body: nothing | a']);
    const latin1 = { ...answer(''), body: Buffer.from([0x22, 0xff, 0x22]) };
    const other = { ...answer(''), body: Buffer.from([0x22, 0xfe, 0x22]) };
    expect(differences(latin1, other)).toHaveLength(1);
  });

  it('bounds what it says about an answer, however big or deep', () => {
    const deep = (value: number) => '['.repeat(100_000) + value + ']'.repeat(100_000);
    expect(found(deep(1), deep(2))[0]).toMatch(/^body: nested too deeply/);
    const wide = (value: number) => Array.from({ length: 1000 }, () => value);
    expect(found(wide(1), wide(2))).toHaveLength(101);
    expect(found(wide(1), wide(2)).at(-1)).toMatch(/^\$\[\*\]: more than 100/);
    const many = (value: number) => Object.fromEntries(wide(value).map((each, at) => [`k${at}`, each]));
    expect(found(many(1), many(2))).toHaveLength(201);
    expect(found(many(1), many(2)).at(-1)).toMatch(/^\$: more than 200 fields/);
    expect(found({ a: 'x'.repeat(1000) }, { a: 1 })[0]?.length).toBeLessThan(200);
  });

  it('gives up on pairing a list without order that is too long, and still finds that it differs', () => {
    const list = (from: number) => Array.from({ length: 400 }, (_, at) => ({ id: from + at, a: [at] }));
    expect(found(list(0), list(1000), { compare: { arrays: 'unordered' } }).length).toBeGreaterThan(100);
  });
});

describe('numbers', () => {
  it('are not rounded on the way', () => {
    expect(found('{"id":9007199254740993}', '{"id":9007199254740992}')).toEqual([
      '$.id: 9007199254740993 | 9007199254740992',
    ]);
    expect(found('[0.1234567890123456789]', '[0.1234567890123456788]')).toHaveLength(1);
    expect(found('[1e400]', '[1e401]')).toHaveLength(1);
    expect(found('[1e-400]', '[0]')).toHaveLength(1);
  });

  it('are the same by value, also where JavaScript cannot hold them', () => {
    expect(found('[9007199254740993]', '[9007199254740993.0]')).toEqual([]);
    expect(found('[9007199254740993]', '[9.007199254740993e15]')).toEqual([]);
    expect(found('[1e400,0.1]', '[10e399,0.1000000000000000000]')).toEqual([]);
    expect(found('[0e999,-0.00000000000000000000]', '[0,0]')).toEqual([]);
  });

  it('may be apart by a tolerance', () => {
    const settings = { compare: { numbers: { tolerance: 0.01 } } };
    expect(found('[10.005, 0.1234567890123456789]', '[10.01, 0.1284567890123456789]', settings)).toEqual([]);
    expect(found([10], [10.02], settings)).toEqual(['$[0]: 10 | 10.02']);
    expect(found([10], ['10'], settings)).toEqual(['$[0]: 10 | "10"']);
  });
});

describe('a key that stands twice', () => {
  it('has no one meaning: such a body is compared by its bytes', () => {
    expect(found('{"a":1,"a":2}', '{"a":2}')).toEqual(['body: a key stands twice: {"a":1,"a":2} | {"a":2}']);
    expect(found('{"a":1,"a":2}', '{"a":1,"a":2}')).toEqual([]);
    expect(found('{"a:":"\\":{","b":1}', '{"b":1,"a:":"\\":{"}')).toEqual([]);
  });
});

describe('null and missing', () => {
  it('are two things, unless the settings say that they are one', () => {
    const settings = { compare: { nullIsMissing: true } };
    expect(found({ a: null, b: [null] }, { b: [] })).toHaveLength(2);
    expect(found({ a: null, b: [{ c: null }] }, { b: [{}] }, settings)).toEqual([]);
    expect(found([null], [], settings)).toEqual(['$[0]: null | nothing']);
    expect(found({ a: null }, { a: 0 }, settings)).toEqual(['$.a: null | 0']);
  });
});

describe('lists without order', () => {
  const settings = { compare: { arrays: 'unordered' as const } };

  it('are the same when they hold the same, as often', () => {
    expect(found([1, 2, 2, { a: [3, 4] }], [{ a: [4, 3] }, 2, 1, 2], settings)).toEqual([]);
    expect(found([1, 2, 2], [1, 1, 2], settings)).toEqual(['$[2]: 2 | 1']);
    expect(found([1, 2], [2], settings)).toEqual(['$[0]: 1 | nothing']);
  });

  it('compare what is left with what is most like it', () => {
    const left = [
      { id: 1, price: 1 },
      { id: 2, price: 2 },
      { id: 3, price: 3 },
    ];
    const right = [
      { id: 3, price: 3 },
      { id: 2, price: 9 },
      { id: 1, price: 8 },
    ];
    expect(found(left, right, settings)).toEqual(['$[0].price: 1 | 8', '$[1].price: 2 | 9']);
    const tolerant = { compare: { arrays: 'unordered' as const, numbers: { tolerance: 0.5 } } };
    expect(found([1, 5], [5.1, 1.1], tolerant)).toEqual([]);
  });

  it('can be only those that the settings name', () => {
    const named = { compare: { arrays: ['$.tags', '$.items[*].sizes'] } };
    const left = { tags: [1, 2], items: [{ sizes: [1, 2] }], list: [1, 2] };
    const right = { tags: [2, 1], items: [{ sizes: [2, 1] }], list: [2, 1] };
    expect(found(left, right, named)).toEqual(['$.list[0]: 1 | 2', '$.list[1]: 2 | 1']);
    expect(found([1, 2], [2, 1], { compare: { arrays: ['$'] } })).toEqual([]);
  });
});

describe('rules that ignore', () => {
  it('name places by JSONPath, at any depth or by a condition', () => {
    const left = { at: 1, items: [{ at: 1, id: 1, 'a/b': 1 }] };
    const right = { at: 2, items: [{ at: 2, id: 2, 'a/b': 2 }] };
    expect(found(left, right, ignoring('$..at', "$..['a/b']"))).toEqual(['$.items[0].id: 1 | 2']);
    expect(found(left, right, ignoring('$.items[*].id', '$.items[0].at', "$.items[0]['a/b']"))).toEqual([
      '$.at: 1 | 2',
    ]);
    expect(found(left, right, ignoring('$.items'))).toEqual(['$.at: 1 | 2']);
    const list = (price: number) => [
      { kind: 'ad', price },
      { kind: 'product', price },
    ];
    expect(found(list(1), list(2), ignoring("$[?@.kind == 'ad']"))).toEqual(['$[1].price: 1 | 2']);
  });

  it('hold also for what only one side has, and inside of lists without order', () => {
    expect(found({ debug: 1 }, {}, ignoring('$.debug'))).toEqual([]);
    expect(found({}, { debug: 1 }, ignoring('$.debug'))).toEqual([]);
    const settings = { ...ignoring('$[*].at'), compare: { arrays: 'unordered' as const } };
    expect(
      found(
        [
          { id: 1, at: 1 },
          { id: 2, at: 2 },
        ],
        [{ id: 2, at: 3 }, { id: 1 }],
        settings,
      ),
    ).toEqual([]);
  });
});

describe('headers', () => {
  const withHeaders = (headers: Record<string, string>) => answer({}, 200, headers);
  const inHeaders = (left: Record<string, string>, right: Record<string, string>, headers?: string[]) =>
    differences(withHeaders(left), withHeaders(right), headers ? { headers } : {}).map(
      ({ field, monolith, service }) => `${field}: ${monolith} | ${service}`,
    );

  it('are compared when the settings name them, the media type always', () => {
    const left = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
    expect(inHeaders(left, { 'content-type': 'Application/JSON' })).toEqual([]);
    expect(inHeaders(left, { 'content-type': 'text/html' })).toEqual([
      'header content-type: application/json | text/html',
    ]);
    expect(inHeaders(left, { 'content-type': 'application/json' }, ['Cache-Control'])).toEqual([
      'header cache-control: no-store | nothing',
    ]);
  });

  it('do not show secrets', () => {
    expect(inHeaders({ 'set-cookie': 'sid=1' }, { 'set-cookie': 'sid=2' }, ['set-cookie'])).toEqual([
      'header set-cookie: *** | ***',
    ]);
  });
});

describe('secrets', () => {
  it('are not shown: by name, and by what they look like', () => {
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1g';
    const left = {
      user: { pass_word: 'a' },
      accessToken: ['t'],
      note: `use ${jwt}`,
      pan: '4111 1111 1111 1111',
    };
    const right = { user: { pass_word: 'b' }, note: 'none', pan: 4111111111111111 };
    const words = found(left, right);
    expect(words).toEqual([
      '$.user.pass_word: *** | ***',
      '$.accessToken: *** | nothing',
      '$.note: "use ***" | "none"',
      '$.pan: "***" | ***',
    ]);
    expect(found({ tenant: 'a' }, { tenant: 'b' }, { mask: ['Tenant'] })).toEqual(['$.tenant: *** | ***']);
  });

  it('are not shown in a text either', () => {
    const text = (secret: string) =>
      `<a href="/x?token=${secret}&a=1">"password": "${secret}"</a>${secret.length}`;
    const [words = ''] = found(text('s3cret-one'), text('s3cret-three'));
    expect(words).not.toMatch(/s3cret/);
    expect(words).toMatch(/10 \| .*12$/);
  });
});
