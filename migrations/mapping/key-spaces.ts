import { randomUUID } from 'node:crypto';
import type { Database, KeyPair } from '../databases/database.ts';
import type { Side } from './side.ts';
import { otherSide } from './side.ts';
import type { TablePair } from './schema.ts';
import { formOf } from './schema.ts';
import type { KeySpaces } from './translate.ts';

/** Somebody else can take a number a few times, not for ever. */
const TRIES = 10;
/** Pairs never change, so those that were seen are kept; so many of each space, then from the start. */
const CACHED = 50_000;

/** Where a space's whole numbers come from: the one key column that names it. */
export type Home = { table: string; column: string };

/**
 * The key spaces of a migration. Pairs live in the monolith's database and outlive the migration there: a UUID that
 * some client has seen means the same row for ever, also when the sync begins anew, and other migrations may refer
 * to it.
 */
export function keySpacesIn(monolith: Database, homes: ReadonlyMap<string, Home>): KeySpaces {
  const seen = new Map<string, Map<string, string>>();
  const known = (space: string, side: Side): Map<string, string> => {
    const name = `${side} ${space}`;
    const pairs = seen.get(name) ?? new Map<string, string>();
    if (pairs.size > CACHED) pairs.clear();
    seen.set(name, pairs);
    return pairs;
  };
  const find: KeySpaces['find'] = async (space, side, keys) => {
    const pairs = known(space, side);
    const found = new Map<string, string>();
    const missing: string[] = [];
    for (const key of keys) {
      const other = pairs.get(key);
      if (other === undefined) missing.push(key);
      else found.set(key, other);
    }
    if (missing.length === 0) return found;
    for (const pair of await monolith.findKeys(space, side, missing)) {
      pairs.set(pair[side], pair[otherSide(side)]);
      found.set(pair[side], pair[otherSide(side)]);
    }
    return found;
  };
  const pairsFor = async (space: string, side: Side, keys: readonly string[]): Promise<KeyPair[]> => {
    if (side === 'monolith') return keys.map((key) => ({ monolith: key, service: randomUUID() }));
    const home = homes.get(space);
    if (!home) return [];
    const numbers = await monolith.newNumbers(space, home, keys.length);
    return keys.map((key, i) => ({ monolith: numbers[i] ?? '', service: key }));
  };
  return {
    find,
    async make(space, side, keys) {
      for (let tries = 0; ; tries++) {
        const found = await find(space, side, keys);
        if (found.size === keys.length || tries === TRIES) return found;
        // In one order, so that two who add pairs for the same keys rarely wait for each other in a circle.
        const missing = keys.filter((key) => !found.has(key)).toSorted();
        const pairs = await pairsFor(space, side, missing);
        if (pairs.length === 0) return found;
        // Of two that add a pair for one key, the first wins; both find it in the next round.
        await monolith.addKeys(space, pairs);
      }
    },
  };
}

/** Where each space of the pairs is at home: a key of one column that refers to nothing else. */
export function homesOf(pairs: readonly TablePair[]): Map<string, Home> {
  const homes = new Map<string, Home>();
  for (const { from, key } of pairs) {
    const [only, ...others] = Object.entries(key);
    if (!only || others.length > 0) continue;
    const form = formOf(only[1]);
    const space = 'translate' in form ? form.translate : undefined;
    if (space !== undefined && !homes.has(space)) homes.set(space, { table: from, column: only[0] });
  }
  return homes;
}

/** The key spaces that these pairs name, at keys and at columns that refer to them. */
export function spacesIn(pairs: readonly TablePair[]): string[] {
  const forms = pairs
    .flatMap(({ key, columns }) => [...Object.values(key), ...Object.values(columns)])
    .map(formOf);
  return [
    ...new Set(forms.flatMap((form) => ('translate' in form && form.translate ? [form.translate] : []))),
  ];
}
