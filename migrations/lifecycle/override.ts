import { OverrideError } from './errors.ts';
import type { GateResult } from './gate.ts';

/** A gate that did not pass, and who took that on for one move, and why: a part of the move's evidence. */
export interface Override {
  gate: string;
  value: string;
  threshold: string;
  by: string;
  why: string;
}

/** Whether one of the names that somebody gave is this gate's; `schema-drift` says the same as `schema drift`. */
export const isNamed = (names: readonly string[], gate: string): boolean =>
  names.some((name) => plain(name) === gate);

/**
 * Marks the gates that somebody overrides. One that passes, or that nobody may override as it stands, stays as it is.
 *
 * @throws OverrideError when a name is no gate of this move
 */
function override(verb: string, gates: readonly GateResult[], names: readonly string[]): GateResult[] {
  const known = gates.map(({ gate }) => gate);
  const unknown = names.find((name) => !known.includes(plain(name)));
  if (unknown !== undefined) {
    const there = known.length > 0 ? `its gates: ${known.join(', ')}` : 'it has no gates';
    throw new OverrideError(`"${unknown}" is no gate of this "${verb}"; ${there}`);
  }
  return gates.map((gate) => ({
    ...gate,
    overridden: !gate.passed && gate.notOverridable === '' && isNamed(names, gate.gate),
  }));
}

/**
 * The same for several migrations that move together: a name counts for each that has such a gate.
 *
 * @throws OverrideError when a name is no gate of any of them
 */
export function overrideAll(
  verb: string,
  all: readonly GateResult[][],
  names: readonly string[],
): GateResult[][] {
  const known = all.flat();
  const isOf = (gates: readonly GateResult[], name: string): boolean =>
    gates.some(({ gate }) => isNamed([name], gate));
  override(verb, known, names);
  return all.map((gates) =>
    override(
      verb,
      gates,
      names.filter((name) => isOf(gates, name)),
    ),
  );
}

/** Whether the move may be made: every gate holds, or somebody takes it on that it does not. */
export const mayPass = (gates: readonly GateResult[]): boolean =>
  gates.every(({ passed, overridden }) => passed || overridden);

/** @throws OverrideError without a reason: the journal has to say why for as long as it exists */
export function needReason(names: readonly string[], reason: string | null): void {
  if (names.length > 0 && reason === null)
    throw new OverrideError('overriding a gate needs a reason; it stands in the journal');
}

/** What was overridden, as the journal keeps it. */
export function overridesOf(gates: readonly GateResult[], by: string, reason: string | null): Override[] {
  return gates
    .filter(({ overridden }) => overridden)
    .map(({ gate, value, threshold }) => ({ gate, value, threshold, by, why: reason ?? '' }));
}

const plain = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[-_\s]+/g, ' ');
