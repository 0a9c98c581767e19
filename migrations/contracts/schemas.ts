import { resolveRef } from './document.ts';
import type { OpenApiDocument, Schema } from './document.ts';

/** A schema as both versions of OpenAPI mean it: references followed, `allOf` put together, null a type like others. */
export interface Meaning {
  /** Empty where any type is meant. */
  types: readonly string[];
  /** Null where any value of the types is meant. */
  values: readonly unknown[] | null;
  properties: Readonly<Record<string, Schema>>;
  required: readonly string[];
  /** Whether fields beside the documented ones are refused. */
  isClosed: boolean;
  items: Schema | null;
  limits: Readonly<Limits>;
  pattern: string | null;
  format: string | null;
}

/** Null where there is none. Lengths are those of texts and lists. */
interface Limits {
  minimum: number | null;
  maximum: number | null;
  shortest: number | null;
  longest: number | null;
}

const ANYTHING: Meaning = {
  types: [],
  values: null,
  properties: {},
  required: [],
  isClosed: false,
  items: null,
  limits: { minimum: null, maximum: null, shortest: null, longest: null },
  pattern: null,
  format: null,
};

/** References in references are followed so far; deeper ones go round in circles. */
const DEEPEST = 12;

export function meaningOf(document: OpenApiDocument, schema: Schema, depth = 0): Meaning {
  if (depth > DEEPEST) return ANYTHING;
  const resolved = resolveRef(document, schema);
  const parts = (resolved.allOf ?? []).map((part) => meaningOf(document, part, depth + 1));
  const choices = resolved.anyOf ?? resolved.oneOf;
  if (choices) parts.push(oneOf(choices.map((choice) => meaningOf(document, choice, depth + 1))));
  return [...parts, own(resolved)].reduce(both);
}

function own(schema: Schema): Meaning {
  const declared = [schema.type ?? []].flat();
  const types = schema.nullable === true ? [...declared, 'null'] : declared;
  const values = schema.const !== undefined ? [schema.const] : (schema.enum ?? null);
  return {
    types: types.length === 0 && values ? [...new Set(values.map(typeOf))] : types,
    values: schema.nullable === true && values && !values.includes(null) ? [...values, null] : values,
    properties: schema.properties ?? {},
    required: schema.required ?? [],
    isClosed: schema.additionalProperties === false,
    items: schema.items ?? null,
    limits: {
      minimum: lowest(schema),
      maximum: highest(schema),
      shortest: schema.minLength ?? schema.minItems ?? null,
      longest: schema.maxLength ?? schema.maxItems ?? null,
    },
    pattern: schema.pattern ?? null,
    format: schema.format ?? null,
  };
}

/** What has to be both. */
function both(a: Meaning, b: Meaning): Meaning {
  return {
    types:
      a.types.length === 0
        ? b.types
        : b.types.length === 0
          ? a.types
          : a.types.filter((t) => b.types.includes(t)),
    values:
      a.values === null
        ? b.values
        : b.values === null
          ? a.values
          : a.values.filter((v) => b.values?.includes(v)),
    properties: { ...a.properties, ...b.properties },
    required: [...new Set([...a.required, ...b.required])],
    isClosed: a.isClosed || b.isClosed,
    items: b.items ?? a.items,
    limits: {
      minimum: greater(a.limits.minimum, b.limits.minimum),
      maximum: smaller(a.limits.maximum, b.limits.maximum),
      shortest: greater(a.limits.shortest, b.limits.shortest),
      longest: smaller(a.limits.longest, b.limits.longest),
    },
    pattern: b.pattern ?? a.pattern,
    format: b.format ?? a.format,
  };
}

/** What may be any of several: a field is promised when all promise it. A choice beside null keeps its limits. */
function oneOf(choices: readonly Meaning[]): Meaning {
  const real = choices.filter(({ types }) => !(types.length === 1 && types[0] === 'null'));
  const [first = ANYTHING] = real;
  const base = real.length === 1 ? first : ANYTHING;
  const isAny = choices.some(({ types }) => types.length === 0);
  const isListed = choices.every(({ values, types }) => values !== null || types.join() === 'null');
  return {
    ...base,
    types: isAny ? [] : [...new Set(choices.flatMap(({ types }) => types))],
    values: isListed ? choices.flatMap(({ values }) => values ?? [null]) : null,
    properties: Object.assign({}, ...real.map(({ properties }) => properties)) as Record<string, Schema>,
    required: first.required.filter((name) => real.every(({ required }) => required.includes(name))),
    isClosed: real.every(({ isClosed }) => isClosed),
    items: first.items,
  };
}

const lowest = ({ minimum, exclusiveMinimum }: Schema): number | null =>
  typeof exclusiveMinimum === 'number' ? exclusiveMinimum : (minimum ?? null);
const highest = ({ maximum, exclusiveMaximum }: Schema): number | null =>
  typeof exclusiveMaximum === 'number' ? exclusiveMaximum : (maximum ?? null);
const greater = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.max(a, b));
const smaller = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b));

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
