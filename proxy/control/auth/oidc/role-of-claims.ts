import { isName, type Role } from '../caller.ts';

/** Which claims say who somebody is and what they may. */
export interface ClaimRules {
  /** The claim with the name for the journal; `sub` where it is missing. */
  nameClaim: string;
  /** The claim with roles or groups; dots lead into objects. */
  rolesClaim: string;
  operators: readonly string[];
  /** `*` lets in everybody whom the provider vouches for. */
  viewers: readonly string[];
}

export type Claims = Readonly<Record<string, unknown>>;

/** Who somebody is by the provider's claims; null for one with no role here, or without a name. Pure. */
export function callerOfClaims(claims: Claims, rules: ClaimRules): { name: string; role: Role } | null {
  const name = [claims[rules.nameClaim], claims['sub']].find(
    (one): one is string => typeof one === 'string' && isName(one),
  );
  const role = roleOf(valuesAt(claims, rules.rolesClaim), rules);
  return name === undefined || role === null ? null : { name, role };
}

function roleOf(has: readonly string[], { operators, viewers }: ClaimRules): Role | null {
  if (has.some((one) => operators.includes(one))) return 'operator';
  return viewers.includes('*') || has.some((one) => viewers.includes(one)) ? 'viewer' : null;
}

/** A list, or one text with blanks between; a claim whose name has dots itself is found, too. */
function valuesAt(claims: Claims, path: string): string[] {
  const direct: unknown = claims[path];
  const value =
    direct ?? path.split('.').reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), claims);
  if (typeof value === 'string') return value.split(' ').filter(Boolean);
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
