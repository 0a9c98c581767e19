import { breaking, type Difference, inWords, warning } from './difference.ts';
import type { Schema } from './document.ts';
import type { Documents } from './output.ts';
import { meaningOf, type Meaning } from './schemas.ts';

const DEEPEST = 8;

/** What was accepted must be accepted: no type, value or length less, no field refused or newly required. */
export function inputDifferences(
  docs: Documents,
  from: Schema,
  to: Schema,
  where: string,
  depth = 0,
): Difference[] {
  if (depth > DEEPEST) return []; // recursive schemas repeat themselves
  const [a, b] = [meaningOf(docs.old, from), meaningOf(docs.next, to)];
  const refused = a.types.filter(
    (type) =>
      b.types.length > 0 && !b.types.includes(type) && !(type === 'integer' && b.types.includes('number')),
  );
  if (refused.length > 0 || (a.types.length === 0 && b.types.length > 0)) {
    return [breaking(`${where} accepted ${inWords(a.types) || 'anything'} and accepts ${inWords(b.types)}`)];
  }
  const values = b.values === null ? [] : (a.values?.filter((value) => !b.values?.includes(value)) ?? []);
  const required = b.required.filter((name) => !a.required.includes(name));
  const fields = Object.entries(a.properties).flatMap(([name, schema]) => {
    const counterpart = b.properties[name];
    if (counterpart) return inputDifferences(docs, schema, counterpart, `${where}.${name}`, depth + 1);
    return [
      b.isClosed ? breaking(`${where}.${name} is refused now`) : warning(`${where}.${name} is ignored now`),
    ];
  });
  return [
    ...(values.length > 0 ? [breaking(`${where} does not accept ${inWords(values)} any more`)] : []),
    ...(b.values && !a.values ? [breaking(`${where} accepts only ${inWords(b.values)} now`)] : []),
    ...required.map((name) => breaking(`${where}.${name} is required now`)),
    ...narrowed(a, b).map((how) => breaking(`${where} ${how}`)),
    ...(b.pattern !== null && b.pattern !== a.pattern
      ? [warning(`${where} has to match ${b.pattern} now`)]
      : []),
    ...fields,
    ...(a.items && b.items ? inputDifferences(docs, a.items, b.items, `${where}[]`, depth + 1) : []),
  ];
}

function narrowed({ limits: a }: Meaning, { limits: b }: Meaning): string[] {
  const said = (was: number | null) => (was === null ? 'had no limit' : `was ${was}`);
  return [
    ...(b.minimum !== null && b.minimum > (a.minimum ?? -Infinity)
      ? [`has to be ${b.minimum} at least now, the least ${said(a.minimum)}`]
      : []),
    ...(b.maximum !== null && b.maximum < (a.maximum ?? Infinity)
      ? [`may be ${b.maximum} at most now, the most ${said(a.maximum)}`]
      : []),
    ...(b.shortest !== null && b.shortest > (a.shortest ?? 0)
      ? [`has to have a length of ${b.shortest} at least now, the least ${said(a.shortest)}`]
      : []),
    ...(b.longest !== null && b.longest < (a.longest ?? Infinity)
      ? [`may have a length of ${b.longest} at most now, the most ${said(a.longest)}`]
      : []),
  ];
}
