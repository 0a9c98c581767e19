import { health, shadow } from './answer-gates.ts';
import { contract } from './contract.ts';
import { backfilled, drift, empty, fit, lag, parked, reverse, verified } from './data-gates.ts';
import type { Evidence, Gate, GateResult, GateThresholds } from './gate.ts';
import { afterOthers, beforeOthers } from './precedence.ts';
import { quiet } from './quiet.ts';
import { strayWriters } from './writers.ts';
import type { Stage, Verb } from './stages.ts';
import { changesOwner } from './stages.ts';

/** A gate that knows which move it is for. */
type BoundGate = (evidence: Evidence, thresholds: GateThresholds) => GateResult;

export type { Evidence, GateResult, GateThresholds };

/**
 * The gates of a move, by what it does.
 *
 * @param synced whether the migration has tables at all
 * @param rehearse whether the way back is to be tried on real rows
 * @param ordered whether it comes after another one, or another one after it
 */
export function gatesOf(
  verb: Verb,
  from: Stage,
  synced: boolean,
  rehearse: boolean,
  ordered = false,
): BoundGate[] {
  const isHandOver = changesOwner(verb, from);
  const order = ordered && isHandOver ? [verb === 'cutover' ? afterOthers : beforeOthers] : [];
  const gates = [...order, ...listOf(verb, isHandOver, synced, rehearse)];
  return gates.map((gate) => (evidence, thresholds) => gate(evidence, thresholds, isHandOver));
}

function listOf(verb: Verb, isHandOver: boolean, synced: boolean, rehearse: boolean): Gate[] {
  if (verb === 'sync') return synced ? [health, fit, empty] : [health];
  if (verb === 'rollback') return isHandOver && synced ? [health, lag, parked] : [];
  const data = synced ? [backfilled, lag, parked, drift] : [];
  if (verb === 'shadow') return [health, ...data];
  if (verb === 'canary') return [health, ...data, ...(synced ? [verified] : []), shadow];
  if (verb === 'cutover') {
    return [
      health,
      contract,
      shadow,
      ...data,
      ...(synced ? [verified, strayWriters] : []),
      ...(synced && rehearse ? [reverse] : []),
    ];
  }
  return synced ? [health, lag, parked, drift, verified, quiet] : [health, quiet];
}

/** Judges every gate; a move needs all of them. */
export function judge(
  gates: readonly BoundGate[],
  evidence: Evidence,
  thresholds: GateThresholds,
): GateResult[] {
  return gates.map((gate) => gate(evidence, thresholds));
}
