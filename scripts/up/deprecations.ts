import { resolve } from 'node:path';
import { operationsIn, type OperationInDocument } from '../../migrations/contracts/deprecated.ts';
import { ContractError, readContractNow } from '../../migrations/contracts/document.ts';
import type { DocumentedOperation } from '../../proxy/data-plane/admit/documented.ts';
import { deprecatedSchema } from '../../proxy/data-plane/admit/duties-schema.ts';
import type { Config } from '../config/read.ts';

/** What is said of something that cannot be announced. */
type Complain = (message: string) => void;

/**
 * The operations of a migration, as its documents have them. What clients were promised stands in the monolith's; what only
 * the service's says counts where that one does not know the operation, or does not call it deprecated.
 *
 * @param read as `readingOnce` makes it
 */
export function documentedOperations(
  config: Config,
  migration: string,
  read: ReadOperations,
): DocumentedOperation[] {
  const { monolith, services, folder } = config;
  const service = services[config.migrations[migration]?.service ?? ''];
  const byName = new Map<string, DocumentedOperation>();
  for (const file of [monolith.openapi, service?.openapi]) {
    if (file === undefined) continue;
    for (const operation of read(resolve(folder, file))) {
      const name = `${operation.method} ${operation.path.replace(/\{[^}]*\}/g, '{}')}`;
      if (!byName.get(name)?.deprecated) byName.set(name, operation);
    }
  }
  return [...byName.values()];
}

/** The operations of a document, with what can be announced of them. */
export type ReadOperations = (file: string) => DocumentedOperation[];

/**
 * Reads each document once, for all migrations that share it.
 *
 * @param complain told of a document or a date that is of no use: nothing is announced by it, and all else goes on
 */
export function readingOnce(complain: Complain): ReadOperations {
  const known = new Map<string, DocumentedOperation[]>();
  return (file) => {
    const operations = known.get(file) ?? operationsOf(file, complain);
    known.set(file, operations);
    return operations;
  };
}

function operationsOf(file: string, complain: Complain): DocumentedOperation[] {
  try {
    return operationsIn(readContractNow(file)).map((operation) => checked(file, operation, complain));
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    complain(error.message);
    return [];
  }
}

function checked(file: string, { method, path, deprecated }: OperationInDocument, complain: Complain) {
  if (deprecated === null) return { method, path, deprecated };
  const read = deprecatedSchema.safeParse(deprecated);
  if (read.success) return { method, path, deprecated: read.data };
  const faults = read.error.issues.map(
    ({ path: [field = ''], message }) => `${WORDS[String(field)] ?? ''} ${message}`,
  );
  complain(`${file}: ${method} ${path} is deprecated, but clients are not told: ${faults.join('; ')}`);
  return { method, path, deprecated: null };
}

const WORDS: Readonly<Record<string, string>> = {
  since: 'x-deprecated-at',
  sunset: 'x-sunset',
  link: 'x-deprecation-link',
};
