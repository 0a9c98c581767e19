import { INITIAL } from '../ledger.ts';
import type { Effect, Entry, Ledger } from '../ledger.ts';
import type { Fault } from '../workloads/workload.ts';

type Found = Omit<Fault, 'side' | 'workload'>;

/**
 * Holds what one side has to the ledger: at each register the last write must be one that can have been the last. A
 * write cannot when another was acknowledged at the same register that was sent after it was done.
 *
 * @param found the op that each register shows; a register that is not among them holds nothing
 */
export function checkRegisters(
  ledger: Ledger,
  workload: string,
  found: ReadonlyMap<string, string>,
): Found[] {
  const keys = new Set([...ledger.keysOf(workload), ...found.keys()]);
  return [...keys].flatMap((key) => {
    const fault = checkRegister(ledger.candidates(workload, key), key, found.get(key));
    return fault ? [{ key, ...fault }] : [];
  });
}

function checkRegister(
  candidates: readonly Entry[],
  key: string,
  op: string | undefined,
): Pick<Found, 'kind' | 'what'> | null {
  const writes = candidates.filter((entry) => doesAt(entry, key) === 'write');
  const deletes = candidates.filter((entry) => doesAt(entry, key) === 'delete');
  if (op === undefined) {
    const certain = writes.filter((entry) => entry.outcome === 'acknowledged');
    if (certain.length === 0 || deletes.length > 0) return null;
    return { kind: 'lost', what: `nothing is there; acknowledged: ${inWords(certain)}` };
  }
  if (writes.some((entry) => entry.write.op === op)) return null;
  const expected = inWords(candidates) || 'nothing';
  if (writes.length === 0 && deletes.length > 0) {
    return { kind: 'resurrected', what: `${op} is there; expected: ${expected}` };
  }
  if (candidates.length === 0) return { kind: 'doubled', what: `${op} is there, and nobody wrote it` };
  return { kind: 'lost', what: `${op} is there, which was overwritten; expected: ${expected}` };
}

const doesAt = (entry: Entry, key: string): Effect['does'] | undefined =>
  entry.effects.find((effect) => effect.key === key)?.does;

/** As a person would tell it. */
export function inWords(entries: readonly Entry[]): string {
  return entries
    .slice(-4)
    .map(({ write, sent, done, outcome, by }) =>
      write.op === INITIAL
        ? 'what was there at the start'
        : `${write.kind} ${write.op} by ${by} (${outcome}, ${sent}–${done === Infinity ? '?' : done})`,
    )
    .join('; ');
}
