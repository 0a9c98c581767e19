import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';
import { type OpenApiDocument, type Operation, resolveRef } from '../document.ts';
import { schemasOf } from './schema-of.ts';

/** An answer that somebody gave, as far as a contract speaks of it. */
export interface RecordedAnswer {
  method: string;
  /** Without the query. */
  path: string;
  status: number;
  /** Content-Type as it was sent; null without one. */
  contentType: string | null;
  body: Uint8Array;
}

/** Something in an answer that the contract does not say, or says otherwise. */
export interface Violation {
  /** The same thing has the same field and problem, whatever the values: `$.items[*].price`, or `status`, `body`. */
  field: string;
  problem: string;
}

/** How many places of one answer are told. */
const MOST_VIOLATIONS = 20;

/** Holds answers to one OpenAPI document. */
export interface AnswerCheck {
  /** Empty when the answer keeps the contract. */
  check(answer: RecordedAnswer): Violation[];
}

interface Known {
  method: string;
  path: RegExp;
  parameters: number;
  operation: Operation;
}

type Content = Record<string, { schema?: object }>;

/** Reads a document once; its schemas are compiled when an answer first needs them. */
export function compileContract(document: OpenApiDocument): AnswerCheck {
  const operations = operationsOf(document);
  const validators = new WeakMap<object, ValidateFunction>();
  const { $defs, whole } = schemasOf(document);
  // Documents may have words of their own (`x-…`), and formats that nobody knows.
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false, validateFormats: true });
  formatsPlugin.default(ajv);
  const validatorOf = (schema: object): ValidateFunction => {
    let validate = validators.get(schema);
    if (!validate) validators.set(schema, (validate = ajv.compile({ allOf: [whole(schema)], $defs })));
    return validate;
  };
  return {
    check: (answer) => {
      const known = operations.find(({ method, path }) => method === answer.method && path.test(answer.path));
      if (!known) return [{ field: 'operation', problem: 'is not documented' }];
      const { responses = {} } = known.operation;
      const range = `${String(answer.status)[0]}XX`;
      const documented = responses[answer.status] ?? responses[range] ?? responses['default'];
      if (!documented) return [{ field: 'status', problem: `${answer.status} is not documented` }];
      return checkBody(answer, resolveRef(document, documented).content ?? {}, validatorOf);
    },
  };
}

function checkBody(
  { status, contentType, body }: RecordedAnswer,
  content: Content,
  validatorOf: (schema: object) => ValidateFunction,
): Violation[] {
  if (Object.keys(content).length === 0) {
    return body.length === 0 ? [] : [{ field: 'body', problem: `of a ${status} is not documented` }];
  }
  const type = (contentType ?? '').replace(/\s*;.*$/s, '').toLowerCase();
  const media = mediaOf(content, type);
  if (!media) {
    return [{ field: 'header content-type', problem: `${type || 'none'} is not documented for ${status}` }];
  }
  if (!media.schema || !/[/+]json$/.test(type)) return [];
  const read = parsed(body);
  if (!read) return [{ field: 'body', problem: 'is not JSON, though it says so' }];
  const validate = validatorOf(media.schema);
  return validate(read.value) ? [] : violationsOf(validate.errors ?? []);
}

/** The media type itself, or a range that has it. */
function mediaOf(content: Content, type: string): Content[string] | undefined {
  const wanted = [type, `${type.split('/')[0]}/*`, '*/*'];
  const named = Object.entries(content).map(
    ([name, media]) => [name.replace(/\s*;.*$/s, '').toLowerCase(), media] as const,
  );
  return wanted.flatMap((name) => named.find(([other]) => other === name)?.[1] ?? [])[0];
}

function parsed(body: Uint8Array): { value: unknown } | null {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    return null;
  }
}

function violationsOf(errors: readonly ErrorObject[]): Violation[] {
  const found = new Map<string, Violation>();
  for (const error of errors) {
    const violation = violationOf(error);
    if (violation) found.set(`${violation.field} ${violation.problem}`, violation);
    if (found.size >= MOST_VIOLATIONS) break;
  }
  return [...found.values()];
}

/** Never with a value of the answer: it may be a secret. */
function violationOf({ keyword, instancePath, params, message }: ErrorObject): Violation | null {
  const field = fieldOf(instancePath);
  if (keyword === 'unevaluatedProperties' || keyword === 'additionalProperties') {
    const { unevaluatedProperty, additionalProperty } = params as Record<string, string>;
    const name = unevaluatedProperty ?? additionalProperty ?? '';
    return { field: fieldOf(`${instancePath}/${name}`), problem: 'is not documented' };
  }
  if (keyword === 'required') {
    const { missingProperty } = params as { missingProperty: string };
    return { field: fieldOf(`${instancePath}/${missingProperty}`), problem: 'is promised and not there' };
  }
  return { field, problem: message ?? `breaks "${keyword}"` };
}

/** A JSON pointer as the JSONPath of all its like: `/items/3/price` is `$.items[*].price`. */
function fieldOf(pointer: string): string {
  const steps = pointer.split('/').slice(1);
  return `$${steps
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? '[*]' : /^\w+$/.test(step) ? `.${step}` : `['${step}']`))
    .join('')}`;
}

/** Paths without parameters first: `/api/products/new` is not a product. */
function operationsOf(document: OpenApiDocument): Known[] {
  return Object.entries(document.paths)
    .flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => /^(get|put|post|patch|delete|head|options)$/.test(method))
        .map(([method, operation]) => ({
          method: method.toUpperCase(),
          path: pattern(path),
          parameters: path.split('{').length - 1,
          operation: operation as Operation,
        })),
    )
    .toSorted((a, b) => a.parameters - b.parameters);
}

function pattern(path: string): RegExp {
  const parts = path.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]+')}$`);
}
