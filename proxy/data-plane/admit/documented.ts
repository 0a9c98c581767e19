import { segmentsOf } from '../../routes/route.ts';
import type { Exchange, HeaderPair } from '../exchange.ts';
import { deprecationHeaders } from './deprecation.ts';
import type { DeprecatedSettings } from './duties-schema.ts';

/** An operation as an OpenAPI document has it. */
export interface DocumentedOperation {
  /** Upper-case method. */
  method: string;
  /** With `{name}` for one segment. */
  path: string;
  /** Null for one that stays. */
  deprecated: DeprecatedSettings | null;
}

/** Finds the headers for a request by the operation that it is; null when that one stays, or is not documented. */
export type FindDeprecation = (exchange: Exchange) => readonly HeaderPair[] | null;

interface Known {
  method: string;
  /** Null for any one. */
  segments: readonly (string | null)[];
  headers: readonly HeaderPair[] | null;
}

/** Prepares the operations of a migration once; null when none of them is deprecated, so that most requests pay nothing. */
export function findDeprecations(operations: readonly DocumentedOperation[]): FindDeprecation | null {
  if (operations.every(({ deprecated }) => deprecated === null)) return null;
  const known = Map.groupBy(
    operations.map(knownOf).toSorted((a, b) => parametersOf(a) - parametersOf(b)),
    ({ method, segments }) => `${method} ${segments.length}`,
  );
  return ({ request: { method, target } }) => {
    // Whoever documents GET means HEAD too.
    const asked = method === 'HEAD' ? 'GET' : method;
    const alike = known.get(`${asked} ${target.segments.length}`);
    return alike?.find(({ segments }) => fits(segments, target.segments))?.headers ?? null;
  };
}

function knownOf({ method, path, deprecated }: DocumentedOperation): Known {
  const segments = segmentsOf(path).map((segment) => (segment.startsWith('{') ? null : segment));
  return { method, segments, headers: deprecated && deprecationHeaders(deprecated) };
}

/** Exact paths come first: `/api/products/new` is no product. */
const parametersOf = ({ segments }: Known): number => segments.filter((segment) => segment === null).length;

/** Of as many segments as the pattern has. */
function fits(pattern: Known['segments'], segments: readonly string[]): boolean {
  return pattern.every((segment, at) => segment === null || segment === segments[at]);
}
