import { setTimeout as pause } from 'node:timers/promises';
import type { AppliedRow, FoundRow, Row } from '../databases/database.ts';
import { ConversionError } from '../mapping/convert.ts';
import type { EntryMapping, Mapped } from '../mapping/mapping.ts';
import type { Stream } from '../relay/stream.ts';
import type { Difference } from './compare.ts';
import { compareRow } from './compare.ts';

const PAUSE_MS = 50;

/** What one look at a key of both sides says. */
type Look = { settled: true; difference: Difference | null } | { settled: false };

/**
 * Looks at keys again until each is known to be equal or different. At rest, the owner's row was the same before and
 * after the follower's was read, and everything up to its version is applied: then the two rows are compared. A key
 * that is written all the time never rests: there the follower's row is compared with the very change that it says
 * it has applied, as long as the owner keeps it. Everything else is a change on its way.
 *
 * @param patienceMs keys that were never to be judged in this time are counted as unsettled; those that have a change
 * parked are counted as such at once
 */
export async function settle(
  stream: Stream,
  entry: EntryMapping,
  keys: readonly Row[],
  patienceMs: number,
): Promise<{ differences: Difference[]; unsettled: number; parked: number }> {
  const deadline = performance.now() + patienceMs;
  const found: Found[] = [];
  const free = await withoutParked(stream, entry, keys);
  const parked = keys.length - free.length;
  let open = await unequal(stream, entry, free);
  while (open.length > 0) {
    const looks = await lookAgain(stream, entry, open);
    open = open.filter((key, i) => {
      const look = looks[i];
      if (look?.settled && look.difference) found.push({ key, difference: look.difference });
      return !look?.settled;
    });
    if (performance.now() > deadline) break;
    if (open.length > 0) await pause(PAUSE_MS);
  }
  const { differences, late, unsettled } = await stillTrue(stream, entry, found);
  return { differences, unsettled: open.length + unsettled, parked: parked + late };
}

/**
 * Those that one look at both sides does not show to be alike. Most are: only what is left needs to be known to rest, and at
 * a change of owner writes wait meanwhile.
 */
async function unequal(stream: Stream, entry: EntryMapping, keys: readonly Row[]): Promise<Row[]> {
  const owners = await readOwner(stream, entry, keys);
  const [applied, wanted] = await Promise.all([
    readFollower(stream, entry, owners, keys),
    wantedRows(
      entry,
      owners.map(({ row }) => row),
    ),
  ]);
  return keys.filter((_, i) => {
    const [owner, follower] = [owners[i], applied[i]];
    return !owner || !follower || compareSides(entry, owner.key, wanted[i] ?? null, follower) !== null;
  });
}

/** A key that was found to be different, and how. */
interface Found {
  key: Row;
  difference: Difference;
}

/**
 * What was found holds only if the side that follows still does: after a change of owner the newer row is its own. And a
 * change may have been parked, and taken from the owner's list, after it was asked what is parked: then the key looks as
 * if it were at rest.
 */
async function stillTrue(
  stream: Stream,
  entry: EntryMapping,
  found: readonly Found[],
): Promise<{ differences: Difference[]; late: number; unsettled: number }> {
  if (found.length === 0) return { differences: [], late: 0, unsettled: 0 };
  const keys = found.map(({ key }) => key);
  const free = new Set(await withoutParked(stream, entry, keys));
  const side = await stream.target.sideState(stream.migration);
  const isFollower = side?.role === 'follower' && side.epoch === stream.epoch;
  const left = found.filter(({ key }) => free.has(key)).map(({ difference }) => difference);
  return {
    differences: isFollower ? left : [],
    late: found.length - left.length,
    unsettled: isFollower ? 0 : left.length,
  };
}

/** A change that is parked is known to be missing: its key is neither equal nor different. */
async function withoutParked(stream: Stream, entry: EntryMapping, keys: readonly Row[]): Promise<Row[]> {
  const { target, source, migration } = stream;
  if ((await target.parkedChanges(migration, 1)).length === 0) return [...keys];
  const table = entry.source.name;
  const isParked = async (key: string): Promise<boolean> =>
    (await target.parkedOf(migration, { table, key }, 1)).length > 0;
  if (await isParked('')) return [];
  const free: Row[] = [];
  for (const [i, owner] of (await source.readRows(migration, entry.source, keys)).entries()) {
    const key = keys[i];
    if (key && !(await isParked(owner.key))) free.push(key);
  }
  return free;
}

async function lookAgain(stream: Stream, entry: EntryMapping, keys: readonly Row[]): Promise<Look[]> {
  const before = await readOwner(stream, entry, keys);
  const appliedBefore = await readFollower(stream, entry, before, keys);
  const after = await readOwner(stream, entry, keys);
  const applied = await readFollower(stream, entry, after, keys);
  const marked = applied.map(({ mark }) => (mark?.epoch === stream.epoch ? mark.version : 0n));
  const changes = await stream.source.findChanges(
    stream.migration,
    marked.filter((version) => version > 0n),
  );
  const carried = marked.map((version) => changes.get(version));
  const [now, then] = await Promise.all([
    wantedRows(
      entry,
      after.map((owner) => owner.row),
    ),
    wantedRows(
      entry,
      carried.map((change) => (change?.op === 'upsert' ? change.row : null)),
    ),
  ]);
  return after.map((owner, i): Look => {
    const [was, first, last, version] = [before[i], appliedBefore[i], applied[i], marked[i] ?? 0n];
    if (!was || !first || !last) return { settled: false };
    const difference = compareSides(entry, owner.key, now[i] ?? null, last);
    if (difference === null) return { settled: true, difference };
    const isAtRest = same(was, owner) && same(first, last) && BigInt(owner.version) <= version;
    if (isAtRest) return { settled: true, difference };
    if (!carried[i]) return { settled: false };
    return { settled: true, difference: compareSides(entry, owner.key, then[i] ?? null, last) };
  });
}

/** What the follower should have for each row; null where it should have none. */
async function wantedRows(entry: EntryMapping, rows: readonly (Row | null)[]): Promise<Mapped[]> {
  const mapped = await entry.toTargets(rows.filter((row) => row !== null));
  let next = 0;
  return rows.map((row) => (row === null ? null : (mapped[next++] ?? null)));
}

function compareSides(
  entry: EntryMapping,
  key: string,
  wanted: Mapped,
  applied: AppliedRow,
): Difference | null {
  if (wanted instanceof ConversionError) {
    return { entry: entry.name, key, kind: 'inconvertible', columns: [] };
  }
  return compareRow(entry.target, key, wanted, applied.row);
}

function readOwner(stream: Stream, entry: EntryMapping, keys: readonly Row[]): Promise<FoundRow[]> {
  return stream.source.readRows(stream.migration, entry.source, keys);
}

async function readFollower(
  stream: Stream,
  entry: EntryMapping,
  owners: readonly FoundRow[],
  keys: readonly Row[],
): Promise<AppliedRow[]> {
  const targetKeys = await entry.toTargetKeys(keys);
  const wanted = owners.map((owner, i) => ({ sourceKey: owner.key, key: keyOrNone(targetKeys[i]) }));
  return stream.target.readApplied(stream.migration, entry.target, wanted);
}

/** What cannot be a key there is not there. */
export const keyOrNone = (key: Mapped | undefined): Row =>
  key && !(key instanceof ConversionError) ? key : {};

const same = (a: unknown, b: unknown): boolean => spell(a) === spell(b);

const spell = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner));
