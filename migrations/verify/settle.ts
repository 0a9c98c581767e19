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
 * Looks at keys again until each is either equal or different at rest: the owner's row was the same before and
 * after the follower's was read, everything up to its version is applied, and the follower's row stayed the same
 * too. Only such a difference is real; the others are changes on their way.
 *
 * @param patienceMs keys that never come to rest in this time are left out: they are written all the time
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
  const appliedAfter = await readFollower(stream, entry, after, keys);
  return after.map((owner, i) => {
    const [was, applied, still] = [before[i], appliedBefore[i], appliedAfter[i]];
    if (!was || !applied || !still) return { settled: false };
    const difference = compareSides(entry, owner, still);
    if (difference === null) return { settled: true, difference };
    const atRest = same(was, owner) && same(applied, still);
    const appliedUpTo = still.mark?.epoch === stream.epoch ? still.mark.version : 0n;
    if (!atRest || BigInt(owner.version) > appliedUpTo) return { settled: false };
    return { settled: true, difference };
  });
}

function compareSides(entry: EntryMapping, owner: FoundRow, applied: AppliedRow): Difference | null {
  try {
    const wanted = owner.row && entry.toTarget(owner.row);
    return compareRow(entry.target, owner.key, wanted, applied.row);
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    return { entry: entry.name, key: owner.key, kind: 'inconvertible', columns: [] };
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
