import { setTimeout as pause } from 'node:timers/promises';
import type { AppliedRow, FoundRow, Row } from '../databases/database.ts';
import { ConversionError } from '../mapping/convert.ts';
import type { EntryMapping } from '../mapping/mapping.ts';
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
 * @param patienceMs keys that were never to be judged in this time are counted as unsettled
 */
export async function settle(
  stream: Stream,
  entry: EntryMapping,
  keys: readonly Row[],
  patienceMs: number,
): Promise<{ differences: Difference[]; unsettled: number }> {
  const deadline = Date.now() + patienceMs;
  const differences: Difference[] = [];
  let open = [...keys];
  while (open.length > 0) {
    const looks = await lookAgain(stream, entry, open);
    open = open.filter((_, i) => {
      const look = looks[i];
      if (look?.settled && look.difference) differences.push(look.difference);
      return !look?.settled;
    });
    if (Date.now() > deadline) break;
    if (open.length > 0) await pause(PAUSE_MS);
  }
  return { differences, unsettled: open.length };
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
  return after.map((owner, i): Look => {
    const [was, first, last, version] = [before[i], appliedBefore[i], applied[i], marked[i] ?? 0n];
    if (!was || !first || !last) return { settled: false };
    const difference = compareSides(entry, owner.key, owner.row, last);
    if (difference === null) return { settled: true, difference };
    const isAtRest = same(was, owner) && same(first, last) && BigInt(owner.version) <= version;
    if (isAtRest) return { settled: true, difference };
    const change = changes.get(version);
    if (!change) return { settled: false };
    const row = change.op === 'delete' ? null : change.row;
    return { settled: true, difference: compareSides(entry, owner.key, row, last) };
  });
}

function compareSides(
  entry: EntryMapping,
  key: string,
  owner: Row | null,
  applied: AppliedRow,
): Difference | null {
  try {
    const wanted = owner && entry.toTarget(owner);
    return compareRow(entry.target, key, wanted, applied.row);
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    return { entry: entry.name, key, kind: 'inconvertible', columns: [] };
  }
}

function readOwner(stream: Stream, entry: EntryMapping, keys: readonly Row[]): Promise<FoundRow[]> {
  return stream.source.readRows(stream.migration, entry.source, keys);
}

function readFollower(
  stream: Stream,
  entry: EntryMapping,
  owners: readonly FoundRow[],
  keys: readonly Row[],
): Promise<AppliedRow[]> {
  const wanted = owners.map((owner, i) => ({
    sourceKey: owner.key,
    key: entry.toTargetKey(keys[i] ?? {}),
  }));
  return stream.target.readApplied(stream.migration, entry.target, wanted);
}

const same = (a: unknown, b: unknown): boolean => spell(a) === spell(b);

const spell = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner));
