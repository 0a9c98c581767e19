import { breaking, type Difference, warning } from './difference.ts';
import { resolveRef } from './document.ts';
import type { OpenApiDocument, Operation, Parameter } from './document.ts';
import { inputDifferences } from './input.ts';
import { type Documents, outputDifferences } from './output.ts';

/** A route as the configuration has it, e.g. `GET` and `/api/products/{id}`. */
export interface ContractRoute {
  method: string;
  path: string;
}

/** The lines of those differences at which a client of the old contract can fail. */
export function breakingDifferences(
  old: OpenApiDocument,
  next: OpenApiDocument,
  routes: readonly ContractRoute[],
): string[] {
  return differences(old, next, routes)
    .filter(({ severity }) => severity === 'breaking')
    .map(({ message }) => message);
}

/**
 * What a client of the old contract would notice if the new one answered instead: operations, answers, media types and
 * fields that are gone, types that changed, input that is newly required or not accepted any more.
 */
export function differences(
  old: OpenApiDocument,
  next: OpenApiDocument,
  routes: readonly ContractRoute[],
): Difference[] {
  const docs = { old, next };
  return operationsOf(old, routes).flatMap(({ label, method, path, operation }) => {
    const counterpart = findOperation(next, method, path);
    if (!counterpart) return [breaking(`${label}: the service does not document it`)];
    return [
      ...answerDifferences(docs, operation, counterpart),
      ...requestDifferences(docs, operation, counterpart),
    ].map((difference) => ({ ...difference, message: `${label}: ${difference.message}` }));
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
        operation: withParameters(item, operation as Operation),
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
  const operation = item?.[method] as Operation | undefined;
  return item && operation && withParameters(item, operation);
}

/** A path's parameters are those of all its operations. */
function withParameters(item: Record<string, unknown>, operation: Operation): Operation {
  const shared = (item['parameters'] ?? []) as Parameter[];
  return { ...operation, parameters: [...shared, ...(operation.parameters ?? [])] };
}

function answerDifferences(docs: Documents, old: Operation, next: Operation): Difference[] {
  const gone = Object.entries(old.responses ?? {}).flatMap(([status, answer]) => {
    const counterpart = next.responses?.[status] ?? next.responses?.['default'];
    if (!counterpart) return [breaking(`status ${status} is gone`)];
    const from = resolveRef(docs.old, answer).content ?? {};
    const to = resolveRef(docs.next, counterpart).content ?? {};
    return Object.entries(from).flatMap(([type, { schema }]) => {
      const media = mediaOf(to, type);
      if (!media) return [breaking(`answer ${status} is not ${type} any more`)];
      if (!schema) return [];
      return outputDifferences(docs, schema, media.schema ?? {}, `answer ${status}`);
    });
  });
  const added = Object.keys(next.responses ?? {}).filter((status) => !old.responses?.[status]);
  const isSuccess = (status: string) => status.startsWith('2');
  return [
    ...gone,
    ...added.map((status) => {
      const message = `status ${status} is new`;
      return isSuccess(status) && !old.responses?.['default'] ? breaking(message) : warning(message);
    }),
  ];
}

function requestDifferences(docs: Documents, old: Operation, next: Operation): Difference[] {
  const before = (old.parameters ?? []).map((parameter) => resolveRef(docs.old, parameter));
  const now = (next.parameters ?? []).map((parameter) => resolveRef(docs.next, parameter));
  const isSame = (a: Parameter, b: Parameter) => a.in === b.in && (a.in === 'path' || a.name === b.name);
  const parameters = now.flatMap((parameter) => {
    const known = before.find((other) => isSame(other, parameter));
    const where = `${parameter.in} parameter ${parameter.name}`;
    const isNew = parameter.required === true && parameter.in !== 'path' && known?.required !== true;
    return [
      ...(isNew ? [breaking(`${where} is required now`)] : []),
      // Of several in one path it is not known which is which under another name.
      ...(known && known.name === parameter.name
        ? inputDifferences(docs, known.schema ?? {}, parameter.schema ?? {}, where)
        : []),
    ];
  });
  const gone = before
    .filter((parameter) => parameter.in !== 'path' && !now.some((other) => isSame(parameter, other)))
    .map((parameter) => warning(`${parameter.in} parameter ${parameter.name} is ignored now`));
  return [...parameters, ...gone, ...bodyDifferences(docs, old, next)];
}

function bodyDifferences(docs: Documents, old: Operation, next: Operation): Difference[] {
  const from = old.requestBody && resolveRef(docs.old, old.requestBody);
  const to = next.requestBody && resolveRef(docs.next, next.requestBody);
  if (!to) return from ? [warning('the body is ignored now')] : [];
  const isNew = to.required === true && from?.required !== true;
  const media = Object.entries(from?.content ?? {}).flatMap(([type, { schema }]) => {
    const counterpart = mediaOf(to.content ?? {}, type);
    if (!counterpart) return [breaking(`a body of ${type} is not accepted any more`)];
    return inputDifferences(docs, schema ?? {}, counterpart.schema ?? {}, 'body');
  });
  return [...(isNew ? [breaking('a body is required now')] : []), ...media];
}

/** The same type whatever its parameters, or a range that has it. */
function mediaOf<Media>(content: Record<string, Media>, type: string): Media | undefined {
  const name = (text: string) => text.split(';')[0]!.trim().toLowerCase();
  const range = `${name(type).split('/')[0]}/*`;
  return Object.entries(content).find(([other]) => [name(type), range, '*/*'].includes(name(other)))?.[1];
}
