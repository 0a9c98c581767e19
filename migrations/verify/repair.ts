import type { Row } from '../databases/database.ts';
import { targetRow } from '../apply/apply.ts';
import type { Stream } from '../relay/stream.ts';
import type { Difference } from './compare.ts';

/**
 * Mends differences by the owner's truth. The owner's rows are read again while no applier can run, so what is
 * written is never older than what was there.
 *
 * @returns how many rows were written or deleted
 */
export async function repair(stream: Stream, differences: readonly Difference[]): Promise<number> {
  let mended = 0;
  for (const entry of stream.mapping.entries) {
    const keys = differences
      .filter((difference) => difference.entry === entry.name)
      .map((difference) => keyFromText(entry.source.key, difference.key));
    if (keys.length === 0) continue;
    await stream.target.applying(stream.migration, stream.epoch, async (applier) => {
      const owners = await stream.source.readRows(stream.migration, entry.source, keys);
      const present = owners.flatMap((owner) =>
        owner.row ? [targetRow(entry, owner.key, owner.version, owner.row)] : [],
      );
      const gone = owners.flatMap((owner, i) =>
        owner.row
          ? []
          : [{ sourceKey: owner.key, version: owner.version, values: entry.toTargetKey(keys[i] ?? {}) }],
      );
      await applier.mend(entry.target, present);
      if (!entry.target.part) await applier.discard(entry.target, gone);
      mended += owners.length;
    });
  }
  return mended;
}

function keyFromText(columns: readonly string[], text: string): Row {
  const values = JSON.parse(text) as (string | null)[];
  return Object.fromEntries(columns.map((column, i) => [column, values[i] ?? null]));
}
