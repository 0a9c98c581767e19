/** What a seed decides. The same seed gives the same numbers on every machine. */
export interface Random {
  /** Whole number from 0 up to, but without, `limit`. */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
  shuffled<T>(list: readonly T[]): T[];
  /** Another source, which does not change when more or less is drawn from this one. */
  branch(name: string): Random;
}

/** Mulberry32 (Tommy Ettinger, public domain), seeded by FNV-1a over the seed's text. */
export function randomOf(seed: string): Random {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
  return {
    below,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
    shuffled: (list) =>
      list
        .map((item) => ({ item, order: below(2 ** 31) }))
        .sort((a, b) => a.order - b.order)
        .map(({ item }) => item),
    branch: (name) => randomOf(`${seed}/${name}`),
  };
}
