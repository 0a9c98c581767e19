import { resolveRef } from './document.ts';
import type { OpenApiDocument, Operation, Schema } from './document.ts';

/** A route as the configuration has it, e.g. `GET` and `/api/products/{id}`. */
export interface ContractRoute {
  method: string;
  path: string;
}

/**
 * What a client of the old contract would notice if the new one answered instead: operations, answers and fields
 * that are gone, types that changed, input that is newly required.
 *
 * @returns one line for each breaking difference
 */
export function breakingDifferences(
  old: OpenApiDocument,
  next: OpenApiDocument,
  routes: readonly ContractRoute[],
): string[] {
  return operationsOf(old, routes).flatMap(({ label, method, path, operation }) => {
    const counterpart = findOperation(next, method, path);
    if (!counterpart) return [`${label}: the service does not document it`];
    return [
      ...answerDifferences(old, next, operation, counterpart),
      ...inputDifferences(old, next, operation, counterpart),
    ].map((difference) => `${label}: ${difference}`);
  });
}

const anonymous = (path: string): string => path.replace(/\{[^}]*\}/g, '{}');

function operationsOf(document: OpenApiDocument, routes: readonly ContractRoute[]) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => /^(get|put|post|patch|delete|head|options)$/.test(method))
      .filter(([method]) => routes.some((route) => covers(route, method, path)))
      .map(([method, operation]) => ({
        label: `${method.toUpperCase()} ${path}`,
        method,
        path,
        operation: operation as Operation,
      })),
  );
}

function covers(route: ContractRoute, method: string, path: string): boolean {
  if (route.method !== '*' && route.method !== method.toUpperCase()) return false;
  const pattern = anonymous(route.path);
  if (!pattern.endsWith('/*')) return pattern === anonymous(path);
  const base = pattern.slice(0, -2);
  return anonymous(path) === base || anonymous(path).startsWith(`${base}/`);
}

function findOperation(document: OpenApiDocument, method: string, path: string): Operation | undefined {
  const [, item] =
    Object.entries(document.paths).find(([other]) => anonymous(other) === anonymous(path)) ?? [];
  return item?.[method] as Operation | undefined;
}

function answerDifferences(
  oldDocument: OpenApiDocument,
  newDocument: OpenApiDocument,
  old: Operation,
  next: Operation,
): string[] {
  return Object.entries(old.responses ?? {}).flatMap(([status, answer]) => {
    const counterpart = next.responses?.[status] ?? next.responses?.['default'];
    if (!counterpart) return [`status ${status} is gone`];
    const from = jsonSchema(resolveRef(oldDocument, answer).content);
    const to = jsonSchema(resolveRef(newDocument, counterpart).content);
    if (!from) return [];
    if (!to) return [`status ${status} has no JSON body any more`];
    return outputDifferences({ old: oldDocument, next: newDocument }, from, to, `answer ${status}`, 0);
  });
}

interface Documents {
  old: OpenApiDocument;
  next: OpenApiDocument;
}

/** Fields that an answer had must stay, with their type and, if they were promised, promised. */
function outputDifferences(
  docs: Documents,
  from: Schema,
  to: Schema,
  where: string,
  depth: number,
): string[] {
  const [a, b] = [resolveRef(docs.old, from), resolveRef(docs.next, to)];
  if (depth > 8) return []; // recursive schemas repeat themselves
  const [oldTypes, newTypes] = [typesOf(a), typesOf(b)];
  const widened = newTypes.filter(
    (type) => !oldTypes.includes(type) && !(type === 'integer' && oldTypes.includes('number')),
  );
  if (oldTypes.length > 0 && widened.length > 0) {
    return [`${where} was ${oldTypes.join('|')} and is ${newTypes.join('|')}`];
  }
  const fields = Object.entries(a.properties ?? {}).flatMap(([name, schema]) => {
    const field = `${where}.${name}`;
    const counterpart = b.properties?.[name];
    if (!counterpart) return [`${field} is gone`];
    const loosened = a.required?.includes(name) === true && b.required?.includes(name) !== true;
    return [
      ...(loosened ? [`${field} was always there and is optional now`] : []),
      ...outputDifferences(docs, schema, counterpart, field, depth + 1),
    ];
  });
  const items = a.items && b.items ? outputDifferences(docs, a.items, b.items, `${where}[]`, depth + 1) : [];
  return [...fields, ...items];
}

function inputDifferences(
  oldDocument: OpenApiDocument,
  newDocument: OpenApiDocument,
  old: Operation,
  next: Operation,
): string[] {
  const known = (old.parameters ?? []).map((parameter) => resolveRef(oldDocument, parameter));
  const parameters = (next.parameters ?? [])
    .map((parameter) => resolveRef(newDocument, parameter))
    .filter((parameter) => parameter.required === true && parameter.in !== 'path')
    .filter((p) => !known.some((k) => k.name === p.name && k.in === p.in && k.required === true))
    .map((parameter) => `${parameter.in} parameter ${parameter.name} is required now`);
  const from = old.requestBody && jsonSchema(resolveRef(oldDocument, old.requestBody).content);
  const to = next.requestBody && jsonSchema(resolveRef(newDocument, next.requestBody).content);
  if (!to) return parameters;
  const before = from ? (resolveRef(oldDocument, from).required ?? []) : [];
  const added = (resolveRef(newDocument, to).required ?? []).filter((name) => !before.includes(name));
  return [...parameters, ...added.map((name) => `body field ${name} is required now`)];
}

function jsonSchema(content: Record<string, { schema?: Schema }> | undefined): Schema | undefined {
  const [, media] =
    Object.entries(content ?? {}).find(([type]) => /^application\/(.*\+)?json\b/.test(type)) ?? [];
  return media?.schema;
}

function typesOf(schema: Schema): string[] {
  const types = [schema.type ?? []].flat();
  return schema.nullable === true ? [...types, 'null'] : types;
}
