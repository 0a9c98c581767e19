import { keyOf } from '../verify/chunks.ts';
import { keysOf, strangersAmong } from '../verify/by-rows.ts';
import { settle } from '../verify/settle.ts';
import type { Row } from '../databases/database.ts';
import type { EntryMapping } from '../mapping/mapping.ts';
import type { Stream } from '../relay/stream.ts';
import type { Drift } from './compare.ts';

/** So few that nobody feels it, every few seconds; a table that was emptied is found by the first of them. */
const ROWS = 50;
/** What does not come to rest by then is looked at another time. */
const PATIENCE_MS = 500;

/** Where the next look at each entry goes on; its beginning where there is nothing. */
export type Places = ReadonlyMap<string, Row>;

/**
 * Looks at some rows of the follower that the owner has no more although no change said so. A `TRUNCATE` in MySQL fires
 * no trigger, and a partition that is detached or dropped takes its rows along in silence: without this, only a whole
 * comparison would tell, and a cutover bring such rows back.
 *
 * @returns what was found, one for each table, and the places for the next look
 */
export async function lookForVanished(
  stream: Stream,
  side: Drift['side'],
  places: Places = new Map(),
): Promise<{ found: Drift[]; places: Places }> {
  const found: Drift[] = [];
  const next = new Map<string, Row>();
  for (const entry of stream.mapping.entries.filter(({ target }) => !target.part)) {
    const { keys, last } = await vanishedAmong(stream, entry, places.get(entry.name) ?? null);
    if (last) next.set(entry.name, last);
    if (keys.length > 0) found.push(inWords(side, entry, keys));
  }
  return { found, places: next };
}

async function vanishedAmong(
  stream: Stream,
  entry: EntryMapping,
  after: Row | null,
): Promise<{ keys: string[]; last: Row | null }> {
  const table = keysOf(entry.target, entry.belonging);
  const chunk = await stream.target.readChunk(stream.migration, table, after, ROWS);
  const end = chunk.at(-1);
  const last = end && chunk.length === ROWS ? keyOf(entry.target, end.row) : null;
  // Keys without a partner are no rows that the owner ever had: verify's business.
  const { suspects } = await strangersAmong(stream, entry, chunk);
  if (suspects.length === 0) return { keys: [], last };
  const { differences } = await settle(stream, entry, suspects, PATIENCE_MS);
  return { keys: differences.filter(({ kind }) => kind === 'extra').map(({ key }) => key), last };
}

const inWords = (side: Drift['side'], { source, target }: EntryMapping, keys: readonly string[]): Drift => ({
  ...{ side, table: source.name, column: null, effect: 'not carried' },
  message:
    `rows are gone that no change told of, at least ${keys.length} (${keys[0]}), and ${target.name} has them still: ` +
    'a TRUNCATE in MySQL, or a partition that was detached or dropped',
  advice: 'put them back, or run `strangler verify --repair`, which takes them from the other side too',
});
