import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { Guarded } from '../../migrations/lifecycle/guard-traffic.ts';
import { guardrailInWords } from '../../migrations/lifecycle/guardrails.ts';
import { rampStepInWords } from '../../migrations/lifecycle/ramp.ts';
import type { GuardrailStatus, RampStatus, TakenBack } from '../../proxy/control/lifecycle.ts';

/** Where a ramp stands and what it waits for; null when none runs. Pure. */
export function rampStatus(
  { ramp, change }: MigrationState,
  guarded: Guarded | null,
  refusal: string | null,
): RampStatus | null {
  if (!ramp) return null;
  const verdict = guarded?.verdict;
  const waitsFor =
    verdict?.kind === 'stay'
      ? verdict.waitsFor
      : change
        ? [`the ${change.verb} that is under way`]
        : guarded
          ? []
          : ['a first look at the traffic'];
  return {
    steps: ramp.steps.map(rampStepInWords),
    step: ramp.at + 1,
    secondsLeft: verdict?.kind === 'stay' ? verdict.secondsLeft : 0,
    reads: guarded?.reads ?? { soFar: 0, needed: 0 },
    waitsFor: refusal === null ? waitsFor : [...waitsFor, refusal],
  };
}

/** Every guardrail that is watched now, with its evidence. */
export function guardrailStatus(guarded: Guarded | null): GuardrailStatus[] {
  return (guarded?.guardrails ?? []).map(({ guardrail, verdict, value, threshold, window }) => ({
    guardrail,
    verdict,
    value,
    threshold,
    window,
  }));
}

/** What a guardrail took back to get to the present stage; null when none did. */
export function takenBack({ takenBack: taken, since }: MigrationState): TakenBack | null {
  if (!taken || since === null) return null;
  return { at: since, weight: taken.weight, why: taken.broken.map(guardrailInWords) };
}
