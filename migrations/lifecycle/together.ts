import type { Capability } from './capability.ts';
import { MovedApartError } from './errors.ts';
import type { MigrationState } from './fold.ts';
import type { GateResult } from './gates.ts';
import type { MoveResult } from './order.ts';

/**
 * A group: migrations that the configuration moves together. Each keeps its own tables, stream, epoch and journal entries;
 * what they share is the decision. Every entry of a move is written for all of them in one transaction of the store, so
 * that at each moment, after whatever crash, all of them stand at the same step.
 *
 * @returns all that move with a migration, itself among them, in the order of the configuration
 */
export function groupOf(
  capability: Capability,
  byName: ReadonlyMap<string, Capability>,
): readonly Capability[] {
  const names = capability.together ?? [capability.name];
  return names.flatMap((name) => byName.get(name) ?? []);
}

/**
 * What differs between members is refused by name: they could not be taken back together.
 *
 * @throws MovedApartError
 */
export function refuseApart(states: readonly MigrationState[]): void {
  const [first] = states;
  const isTogether = states.every(({ stage, owner }) => stage === first?.stage && owner === first.owner);
  if (!isTogether) throw new MovedApartError(states);
}

/** Does the same for each, side by side; fails once all have ended, with the first failure. */
export async function forEach<T>(
  members: readonly T[],
  work: (member: T) => Promise<unknown>,
): Promise<void> {
  const ends = await Promise.allSettled(members.map(work));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** The gates of all of them as one list; of several, each says whose it is. */
export function gatesInWords(names: readonly string[], gates: readonly GateResult[][]): GateResult[] {
  return gates.flatMap((own, i) =>
    own.map((gate) => (names.length > 1 ? { ...gate, gate: `${names[i]}: ${gate.gate}` } : gate)),
  );
}

/** How a move ended, with those that it was one of too. */
export function withOthers(result: MoveResult, group: readonly Capability[]): MoveResult {
  const others = group.map(({ name }) => name).filter((name) => name !== result.migration);
  if (others.length === 0) return result;
  const said = `together with ${others.join(', ')}`;
  return { ...result, detail: result.detail === '' ? said : `${said}; ${result.detail}` };
}
