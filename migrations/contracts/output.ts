import { breaking, type Difference, inWords, warning } from './difference.ts';
import type { OpenApiDocument, Schema } from './document.ts';
import { meaningOf } from './schemas.ts';

export interface Documents {
  old: OpenApiDocument;
  next: OpenApiDocument;
}

const DEEPEST = 8;

/** What an answer has must stay: its fields, their types and, if they were promised, the promise. */
export function outputDifferences(
  docs: Documents,
  from: Schema,
  to: Schema,
  where: string,
  depth = 0,
): Difference[] {
  if (depth > DEEPEST) return []; // recursive schemas repeat themselves
  const [a, b] = [meaningOf(docs.old, from), meaningOf(docs.next, to)];
  const wider = b.types.filter(
    (type) => !a.types.includes(type) && !(type === 'integer' && a.types.includes('number')),
  );
  if (a.types.length > 0 && (wider.length > 0 || b.types.length === 0)) {
    return [breaking(`${where} was ${inWords(a.types)} and is ${inWords(b.types) || 'anything'}`)];
  }
  const added = b.values?.filter((value) => a.values && !a.values.includes(value)) ?? [];
  const fields = Object.entries(a.properties).flatMap(([name, schema]) => {
    const field = `${where}.${name}`;
    const counterpart = b.properties[name];
    if (!counterpart) return [breaking(`${field} is gone`)];
    const isLoosened = a.required.includes(name) && !b.required.includes(name);
    return [
      ...(isLoosened ? [breaking(`${field} was always there and is optional now`)] : []),
      ...outputDifferences(docs, schema, counterpart, field, depth + 1),
    ];
  });
  return [
    ...(added.length > 0 ? [breaking(`${where} has new values: ${inWords(added)}`)] : []),
    ...(a.values && !b.values
      ? [breaking(`${where} was one of ${inWords(a.values)} and is any value now`)]
      : []),
    ...(a.format !== b.format && a.format !== null
      ? [warning(`${where} had the format ${a.format} and has ${b.format ?? 'none'}`)]
      : []),
    ...fields,
    ...(a.items && b.items ? outputDifferences(docs, a.items, b.items, `${where}[]`, depth + 1) : []),
  ];
}
