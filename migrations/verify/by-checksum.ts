import type { DigestTable, KeyRange, Row } from '../databases/database.ts';
import type { Stream } from '../relay/stream.ts';

/** Rows of a range that is hashed at once, by how long it takes. */
const [FIRST_ROWS, LEAST_ROWS, MOST_ROWS] = [5000, 500, 50_000];
const WANTED_MS = 300;
/** A range that does not agree is hashed again in parts this big; the rows of those that still do not are read. */
const PART_ROWS = 500;

/** A range that was hashed on both sides. */
export interface HashedRange {
  ownerRows: number;
  followerRows: number;
  isEqual: boolean;
  /** Rows behind this key were not looked at yet; null when it was the last range. */
  upTo: Row | null;
  /** The owner's names for the keys, of both sides, in parts that do not agree. */
  keys: AsyncIterable<Row[]>;
}

export interface Sides {
  owner: DigestTable;
  follower: DigestTable;
}

/** Hashes a table range by range on both sides, at the same time, from behind `after` on. */
export async function* hashedRanges(
  stream: Stream,
  sides: Sides,
  after: Row | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<HashedRange> {
  let [from, rows] = [after, FIRST_ROWS];
  for (;;) {
    signal?.throwIfAborted();
    const started = performance.now();
    const upTo = await stream.source.keyBehind(sides.owner, { after: from, upTo: null }, rows);
    const range = { after: from, upTo };
    const { owner, follower, isEqual } = await hash(stream, sides, range);
    const ms = Math.max(1, performance.now() - started);
    const keys = isEqual ? none() : openRange(stream, sides, range);
    yield { ownerRows: owner.rows, followerRows: follower.rows, isEqual, upTo, keys };
    if (upTo === null) return;
    from = upTo;
    rows = Math.round(Math.min(MOST_ROWS, 2 * rows, Math.max(LEAST_ROWS, (rows * WANTED_MS) / ms)));
  }
}

async function* openRange(stream: Stream, sides: Sides, range: KeyRange): AsyncGenerator<Row[]> {
  for (let from = range.after; ;) {
    const end = await stream.source.keyBehind(sides.owner, { after: from, upTo: range.upTo }, PART_ROWS);
    const part = { after: from, upTo: end ?? range.upTo };
    if (!(await hash(stream, sides, part)).isEqual) yield* keysOf(stream, sides, part);
    if (end === null) return;
    from = end;
  }
}

/** The keys of both sides, page by page: the follower may have any number of rows that the owner has not. */
async function* keysOf(stream: Stream, sides: Sides, part: KeyRange): AsyncGenerator<Row[]> {
  const owners = await stream.source.keysWithin(sides.owner, part, 2 * PART_ROWS);
  yield owners;
  const known = new Set(owners.map((key) => JSON.stringify(key)));
  const there = followersRange(sides, part);
  for (let { after } = there; ;) {
    const page = await stream.target.keysWithin(sides.follower, { ...there, after }, PART_ROWS);
    const keys = page.map((key) => inNamesOf(sides.owner, sides.follower, key));
    yield keys.filter((key) => !known.has(JSON.stringify(key)));
    const last = page.at(-1);
    if (page.length < PART_ROWS || !last) return;
    after = last;
  }
}

async function hash(stream: Stream, sides: Sides, range: KeyRange) {
  const [owner, follower] = await Promise.all([
    stream.source.digest(sides.owner, range),
    stream.target.digest(sides.follower, followersRange(sides, range)),
  ]);
  return { owner, follower, isEqual: owner.rows === follower.rows && owner.sum === follower.sum };
}

function followersRange(sides: Sides, { after, upTo }: KeyRange): KeyRange {
  const named = (key: Row | null): Row | null => key && inNamesOf(sides.follower, sides.owner, key);
  return { after: named(after), upTo: named(upTo) };
}

/** A key under the names of the one side, by their position. */
function inNamesOf(to: DigestTable, from: DigestTable, key: Row): Row {
  return Object.fromEntries(to.key.map(({ name }, i) => [name, key[from.key[i]?.name ?? ''] ?? null]));
}

async function* none(): AsyncGenerator<Row[]> {
  // An equal range has nothing to look at.
}
