import type { Database, DigestSpelling, DigestTable } from '../databases/database.ts';
import type { Kind } from '../databases/kind.ts';
import type { CarriedColumn, EntryMapping } from '../mapping/mapping.ts';

type Dialect = Database['dialect'];

/** How both sides of an entry are hashed so that equal hashes mean equal rows; or why they are not. */
export type DigestPlan = { owner: DigestTable; follower: DigestTable } | { why: string };

/** Kinds whose values both dialects keep in the same order. */
const ORDERED: readonly Kind['kind'][] = ['integer', 'decimal', 'date', 'datetime', 'instant', 'bytes'];
/** And those that two databases of PostgreSQL do. */
const ORDERED_ALIKE: readonly Kind['kind'][] = [...ORDERED, 'uuid', 'boolean', 'time'];

/** Kinds with the same canonical text in both dialects. */
const SPELLED_ALIKE: readonly Kind['kind'][] = [
  ...['integer', 'decimal', 'boolean', 'text', 'bytes', 'date', 'time', 'datetime'],
  ...['instant', 'uuid', 'enum', 'set', 'bits', 'year'],
] as Kind['kind'][];

/**
 * Decides whether an entry can be compared by hashes that the databases compute. Hashes that differ cost a look at the
 * rows, so a spelling may be too strict; it must never be too loose.
 */
export function planDigest(entry: EntryMapping, owner: Dialect, follower: Dialect): DigestPlan {
  if (entry.plain === null) return { why: 'the mapping takes more than columns to make its rows' };
  const carried = new Map(entry.plain.map((each) => [each.source.name, each]));
  const keys = entry.source.key.map((name) => carried.get(name));
  const ordered = owner === 'postgres' && follower === 'postgres' ? ORDERED_ALIKE : ORDERED;
  for (const [i, key] of keys.entries()) {
    const isSame = key?.how.kind === 'same' && key.source.kind.kind === key.target.kind.kind;
    if (!isSame || entry.target.key[i] !== key.target.name || !ordered.includes(key.source.kind.kind))
      return { why: `the key ${entry.source.key[i]} may have another order on the other side` };
  }
  const spelled = entry.plain.map((each) => ({ each, as: spellingOf(each, owner, follower) }));
  const odd = spelled.find(({ as }) => as === null);
  if (odd) return { why: `${odd.each.source.name} cannot be spelled alike by both databases` };
  const side = (which: 'source' | 'target'): DigestTable => ({
    name: entry[which].name,
    key: keys.flatMap((key) => key?.[which] ?? []),
    alike: owner === follower,
    columns: spelled.flatMap(({ each, as }) => (as ? [{ column: each[which], as: as[which] }] : [])),
  });
  return { owner: side('source'), follower: side('target') };
}

function spellingOf(
  { source, target, how }: CarriedColumn,
  owner: Dialect,
  follower: Dialect,
): Record<'source' | 'target', DigestSpelling> | null {
  const [text, number] = [{ kind: 'text' } as const, { kind: 'number' } as const];
  if (how.kind === 'codes') return { source: how, target: text };
  if (how.kind === 'money') {
    const minor = { kind: 'minor', scale: how.scale } as const;
    return how.to === 'minor' ? { source: minor, target: number } : { source: number, target: minor };
  }
  if (how.kind === 'other') return null;
  const [kind, other] = [source.kind.kind, target.kind.kind];
  const isNumber = (one: Kind['kind']): boolean => one === 'integer' || one === 'decimal';
  if (isNumber(kind) && isNumber(other)) return { source: number, target: number };
  if (kind === other && SPELLED_ALIKE.includes(kind)) return { source: text, target: text };
  const isTwin = owner === 'postgres' && follower === 'postgres' && source.type === target.type;
  return isTwin ? { source: text, target: text } : null;
}
