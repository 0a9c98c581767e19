import type { Asked, Match } from './match.ts';

/** Where a request says which slice it is about. */
export interface SliceKey {
  in: 'header' | 'query';
  /** Of a header in lower case. */
  name: string;
}

/** A request as the routes claim it, or what it lacks to be claimed. */
export interface Claim {
  /** Null when it is the monolith's. */
  match: Match | null;
  /** Set when it writes and does not say to which slice: nobody can know whose it is. */
  missing: SliceKey | null;
}

/**
 * Of a migration that is moved in slices each slice has routes of its own, which ask for its keys. What none of them claims
 * comes to a last one, which only knows where the key should have been: a key that belongs to no slice is the monolith's,
 * and so is a read without one; a write without one is refused.
 */
export function claimed(found: Match | null, asked: Asked): Claim {
  const key = found?.route.settings.sliceKey;
  if (!found || !key) return { match: found, missing: null };
  const isThere =
    key.in === 'header'
      ? asked.header(key.name) !== undefined
      : new URLSearchParams(asked.target.query).has(key.name);
  return { match: null, missing: found.kind === 'writes' && !isThere ? key : null };
}

/** `header x-tenant`. */
export const sliceKeyInWords = ({ in: where, name }: SliceKey): string => `${where} ${name}`;
