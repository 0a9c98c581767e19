import type { OpenApiDocument } from '../document.ts';

type Json = Record<string, unknown>;

/** Where a schema stands: as a whole, or as a part of another that has further fields beside it. */
type Position = 'whole' | 'part';

const LISTS = ['allOf', 'anyOf', 'oneOf'] as const;
const COMPONENT = /^#\/components\/schemas\/([^/]+)$/;

/**
 * Turns the schemas of an OpenAPI document into JSON Schema 2020-12 that also finds fields which nobody documented: a
 * whole object takes no field but those that it names, unless it says that it does. 3.0's own words (`nullable`,
 * `exclusiveMinimum: true`) become those of 3.1.
 */
export function schemasOf(document: OpenApiDocument): { $defs: Json; whole: (schema: unknown) => unknown } {
  const { components } = document as { components?: { schemas?: Json } };
  const $defs: Json = {};
  for (const [name, schema] of Object.entries(components?.schemas ?? {})) {
    $defs[`whole ${name}`] = convert(schema, 'whole');
    $defs[`part ${name}`] = convert(schema, 'part');
  }
  return { $defs, whole: (schema) => convert(schema, 'whole') };
}

function convert(schema: unknown, position: Position): unknown {
  if (!isObject(schema)) return schema;
  const { $ref, nullable, discriminator: _, example: __, ...said } = schema;
  if (typeof $ref === 'string') return referred($ref, position);
  const converted: Json = { ...said, ...limits(said) };
  for (const key of ['properties', 'patternProperties'] as const) {
    if (isObject(said[key])) converted[key] = mapped(said[key], (each) => convert(each, 'whole'));
  }
  for (const key of ['items', 'additionalProperties', 'not'] as const) {
    if (key in said) converted[key] = convert(said[key], key === 'not' ? 'part' : 'whole');
  }
  for (const key of LISTS) {
    const parts = said[key];
    if (Array.isArray(parts)) converted[key] = parts.map((part) => partOf(part, key));
  }
  if (position === 'whole' && names(said)) converted['unevaluatedProperties'] ??= false;
  return nullable === true ? orNull(converted) : converted;
}

/** Of a choice that is an object without any names, every field is documented: the others must not refuse them. */
function partOf(part: unknown, list: (typeof LISTS)[number]): unknown {
  const converted = convert(part, 'part');
  const isFree = list !== 'allOf' && isObject(part) && part['type'] === 'object' && !names(part);
  return isFree && isObject(converted) ? { additionalProperties: true, ...converted } : converted;
}

const names = (schema: Json): boolean => 'properties' in schema || LISTS.some((list) => list in schema);

/** In the definitions every schema stands twice. Other references are left alone: what they lead to is not checked. */
function referred($ref: string, position: Position): unknown {
  const [, name] = COMPONENT.exec($ref) ?? [];
  if (name === undefined) return {};
  const plain = name.replaceAll('~1', '/').replaceAll('~0', '~');
  return { $ref: `#/$defs/${encodeURIComponent(`${position} ${plain}`)}` };
}

/** 3.0 says by true that a limit itself is out; 3.1 names the limit. */
function limits(schema: Json): Json {
  const changed: Json = {};
  for (const [exclusive, limit] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof schema[exclusive] !== 'boolean') continue;
    const isOut = schema[exclusive];
    changed[exclusive] = isOut ? schema[limit] : undefined;
    if (isOut) changed[limit] = undefined;
  }
  return changed;
}

function orNull(schema: Json): Json {
  return { anyOf: [schema, { type: 'null' }] };
}

function mapped(object: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
