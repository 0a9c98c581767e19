import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** The parts of OpenAPI 3.0 and 3.1 that a comparison looks at. */
export interface OpenApiDocument {
  paths: Record<string, Record<string, unknown>>;
}

export interface Operation {
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content?: Record<string, { schema?: Schema }> };
  responses?: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

export interface Parameter {
  name?: string;
  in?: string;
  required?: boolean;
  schema?: Schema;
}

/** What OpenAPI 3.0 and 3.1 say of a value; `nullable` is 3.0's, lists of types and `const` are 3.1's. */
export interface Schema {
  type?: string | string[];
  nullable?: boolean;
  enum?: unknown[];
  const?: unknown;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  additionalProperties?: boolean | Schema;
  minimum?: number;
  maximum?: number;
  /** A number in 3.1; in 3.0 whether `minimum` itself is excluded. */
  exclusiveMinimum?: number | boolean;
  exclusiveMaximum?: number | boolean;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
}

export class ContractError extends Error {
  constructor(file: string, why: string) {
    super(`the OpenAPI document ${file} cannot be used: ${why}`);
    this.name = 'ContractError';
  }
}

/** Reads an OpenAPI document (YAML or JSON). */
export async function readContract(file: string): Promise<OpenApiDocument> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, error);
  });
  return contractIn(file, text);
}

/** The same for who cannot wait: while a configuration is put together. */
export function readContractNow(file: string): OpenApiDocument {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error as NodeJS.ErrnoException);
  }
  return contractIn(file, text);
}

const unreadable = (file: string, { code, message }: NodeJS.ErrnoException): ContractError =>
  new ContractError(file, code === 'ENOENT' ? 'there is no such file' : message);

function contractIn(file: string, text: string): OpenApiDocument {
  const document = parse(text) as Partial<OpenApiDocument> | null;
  if (typeof document?.paths !== 'object') throw new ContractError(file, 'it has no `paths`');
  return { ...document, paths: document.paths };
}

/** Follows a `$ref` within the document, if there is one. */
export function resolveRef<T extends object>(document: OpenApiDocument, value: T): T {
  let current: unknown = value;
  // A reference may lead to a reference; ten are more than anybody writes, and end a circle.
  for (let hops = 0; hops < 10; hops++) {
    const ref = (current as { $ref?: unknown }).$ref;
    if (typeof ref !== 'string' || !ref.startsWith('#/')) break;
    current = ref
      .slice(2)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
    if (typeof current !== 'object' || current === null) return value;
  }
  return current as T;
}
