import type { OpenApiDocument } from './document.ts';

/** An operation, and what the document says of its end. */
export interface OperationInDocument {
  /** Upper-case method. */
  method: string;
  path: string;
  /** As it stands there, unchecked; null for an operation that stays. */
  deprecated: { since: unknown; sunset?: unknown; link?: unknown } | null;
}

/**
 * All operations of a document. `deprecated: true` is OpenAPI's own; `x-deprecated-at`, `x-sunset` and
 * `x-deprecation-link` beside it say since when, until when, and where to read more.
 */
export function operationsIn(document: OpenApiDocument): OperationInDocument[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => /^(get|put|post|patch|delete|options)$/.test(method))
      .map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        deprecated: deprecationOf(operation as Record<string, unknown>),
      })),
  );
}

function deprecationOf(operation: Record<string, unknown>): OperationInDocument['deprecated'] {
  if (operation['deprecated'] !== true) return null;
  const { 'x-deprecated-at': since, 'x-sunset': sunset, 'x-deprecation-link': link } = operation;
  return {
    since,
    ...(sunset === undefined ? {} : { sunset }),
    ...(link === undefined ? {} : { link }),
  };
}
