import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compare } from './compare.ts';
import { compileRules } from './rules.ts';
import { shadowSchema } from './schema.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Settings = Parameters<typeof shadowSchema.parse>[0];

const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ maxLength: 6 }),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.dictionary(fc.string({ maxLength: 5 }), tie('json'), { maxKeys: 5 }),
  ),
}));
const settings: fc.Arbitrary<Settings> = fc.record({
  compare: fc.record({
    arrays: fc.constantFrom('ordered' as const, 'unordered' as const),
    nullIsMissing: fc.boolean(),
  }),
});

const found = (left: Json, right: Json, given: Settings = {}) =>
  compare(answer(left), answer(right), compileRules(shadowSchema.parse(given)));
const answer = (value: Json) => ({ status: 200, headers: {}, body: Buffer.from(spelt(value)) });

/** Spelt in another way than `JSON.stringify` would, so that bytes alone never decide. */
let spellings = 0;
const spelt = (value: Json) => JSON.stringify(value, null, (spellings += 1) % 3);

const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same value with keys, and if wanted elements, in another order. */
function shuffled(value: Json, elementsToo: boolean): Json {
  if (Array.isArray(value)) {
    const inner = value.map((each) => shuffled(each, elementsToo));
    return elementsToo ? inner.reverse() : inner;
  }
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([key, each]) => [key, shuffled(each, elementsToo)] as const);
  return fromEntries(members.reverse());
}

/** `Object.fromEntries` for keys like `__proto__` too. */
function fromEntries(members: readonly (readonly [string, Json])[]): Json {
  return Object.fromEntries(members);
}

type Steps = (string | number)[];

/** All leaves: what is neither a list nor an object. */
function leaves(value: Json, at: Steps = []): Steps[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => leaves(each, [...at, index]));
  if (isObject(value)) return Object.entries(value).flatMap(([key, each]) => leaves(each, [...at, key]));
  return [at];
}

function withChanged(value: Json, [step, ...rest]: Steps, to: (leaf: Json) => Json): Json {
  if (step === undefined) return to(value);
  if (Array.isArray(value))
    return value.map((each, index) => (index === step ? withChanged(each, rest, to) : each));
  if (!isObject(value)) return value;
  return fromEntries(
    Object.entries(value).map(
      ([key, each]) => [key, key === step ? withChanged(each, rest, to) : each] as const,
    ),
  );
}

const pathOf = (steps: Steps) =>
  `$${steps.map((step) => (typeof step === 'number' ? `[${step}]` : `[${JSON.stringify(step)}]`)).join('')}`;

describe('comparing any JSON', () => {
  it('finds nothing between a value and itself, in whatever order its keys stand', () => {
    fc.assert(
      fc.property(json, settings, (value, given) => {
        expect(found(value, shuffled(value, false), given)).toEqual([]);
      }),
    );
  });

  it('finds nothing between lists that differ only in their order, when order means nothing', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(found(value, shuffled(value, true), { compare: { arrays: 'unordered' } })).toEqual([]);
      }),
    );
  });

  it('finds something in one direction exactly when it does in the other', () => {
    fc.assert(
      fc.property(json, json, settings, (left, right, given) => {
        expect(found(left, right, given).length > 0).toBe(found(right, left, given).length > 0);
      }),
    );
  });

  it('finds every value that was changed, at its place, unless a rule ignores just that', () => {
    fc.assert(
      fc.property(json, fc.nat(), (value, pick) => {
        const places = leaves(value);
        const steps = places[pick % Math.max(places.length, 1)];
        if (!steps) return;
        const changed = withChanged(value, steps, (leaf) => [leaf]);
        expect(found(value, changed)).toHaveLength(1);
        expect(found(value, changed, { compare: { arrays: 'unordered' } }).length).toBeGreaterThan(0);
        if (steps.length === 0) return;
        const ignore = [{ path: pathOf(steps), reason: 'test' }];
        expect(found(value, changed, { ignore })).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
