import type { Entry, Ledger } from '../ledger.ts';
import type { Fault } from '../workloads/workload.ts';
import { inWords } from './registers.ts';

type Found = Omit<Fault, 'side' | 'workload'>;

/**
 * Holds the lists of one side to the ledger: every acknowledged item is there, none twice, none that nobody sent, and an
 * item that was acknowledged before another was sent stands before it.
 */
export function checkLists(
  ledger: Ledger,
  workload: string,
  lists: ReadonlyMap<string, readonly string[]>,
): Found[] {
  const keys = new Set([...ledger.keysOf(workload), ...lists.keys()]);
  return [...keys].flatMap((key) => checkList(key, ledger.candidates(workload, key), lists.get(key) ?? []));
}

function checkList(key: string, entries: readonly Entry[], items: readonly string[]): Found[] {
  const byOp = new Map(entries.map((entry) => [entry.write.op, entry]));
  const counts = Map.groupBy(items, (item) => item);
  const lost = entries.filter((entry) => entry.outcome === 'acknowledged' && !counts.has(entry.write.op));
  const faults: Found[] =
    lost.length > 0 ? [{ kind: 'lost', key, what: `not in the list: ${inWords(lost)}` }] : [];
  for (const [item, of] of counts) {
    if (of.length > 1) faults.push({ kind: 'doubled', key, what: `${item} is there ${of.length} times` });
    if (!byOp.has(item)) faults.push({ kind: 'doubled', key, what: `${item} is there, and nobody sent it` });
  }
  let latest: Entry | undefined;
  for (const item of items) {
    const entry = byOp.get(item);
    if (!entry) continue;
    if (latest && entry.done < latest.sent) {
      faults.push({ kind: 'reordered', key, what: `${inWords([entry])} stands behind ${inWords([latest])}` });
    }
    if (!latest || entry.sent > latest.sent) latest = entry;
  }
  return faults;
}
