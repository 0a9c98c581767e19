import { DURATION, durationInWords, millisecondsOf } from './duration.ts';
import type { GuardrailResult } from './guardrails.ts';

/** A share of reads that the service answers for a while. */
export interface RampStep {
  /** In percent with one decimal. */
  weight: number;
  /** Least time at this step. */
  forMs: number;
}

/** Where a ramp stands. It runs as it was started, whatever strangler.yaml says by now. */
export interface RampPosition {
  steps: readonly RampStep[];
  /** Index of the present step. */
  at: number;
}

/** Where no `for` is given. */
const USUAL_MS = 5 * 60_000;

/** How a step is written: `5%`, `5% for 10m`. */
export const RAMP_STEP = new RegExp(String.raw`^\d{1,3}(?:\.\d)? ?%(?: +for +${DURATION})?$`);

/** Reads a step that matches `RAMP_STEP`. */
export function parseRampStep(text: string): RampStep {
  const [weight, duration] = text.split('%').map((part) => part.replace('for', '').trim());
  return { weight: Number(weight), forMs: duration ? millisecondsOf(duration) : USUAL_MS };
}

/** A step for a person. */
export function rampStepInWords({ weight, forMs }: RampStep): string {
  return `${weight} % for ${durationInWords(forMs)}`;
}

/** What was seen at the present weight. */
export interface Watched {
  /** When the present stage and weight were entered. */
  sinceMs: number;
  guardrails: readonly GuardrailResult[];
  /** Reads of the service within the window, and how many the next step needs. */
  reads: { soFar: number; needed: number };
}

export type RampVerdict =
  | { kind: 'take back'; broken: GuardrailResult[] }
  | { kind: 'advance'; to: RampPosition }
  | { kind: 'stay'; secondsLeft: number; waitsFor: string[] };

/**
 * What happens next to the traffic that the service answers: `(ramp, now, what was seen) → verdict`. A broken guardrail
 * counts at once and before everything else; a step forward needs time, requests, and every guardrail holding. No data
 * is neither.
 *
 * @param ramp null when a person set the weight: it is watched all the same
 */
export function stepRamp(ramp: RampPosition | null, now: number, watched: Watched): RampVerdict {
  const broken = watched.guardrails.filter(({ verdict }) => verdict === 'broken');
  if (broken.length > 0) return { kind: 'take back', broken };
  const step = ramp?.steps[ramp.at];
  if (!ramp || !step) return { kind: 'stay', secondsLeft: 0, waitsFor: [] };
  const leftMs = Math.max(0, watched.sinceMs + step.forMs - now);
  const isLast = ramp.at === ramp.steps.length - 1;
  const waitsFor = isLast ? [] : waits(leftMs, watched);
  if (isLast || waitsFor.length > 0) return { kind: 'stay', secondsLeft: leftMs / 1000, waitsFor };
  return { kind: 'advance', to: { ...ramp, at: ramp.at + 1 } };
}

function waits(leftMs: number, { guardrails, reads }: Watched): string[] {
  const { soFar, needed } = reads;
  const isTooFew = soFar < needed;
  return [
    ...(leftMs > 0 ? [`the time at this step: ${durationInWords(leftMs)} left`] : []),
    ...(isTooFew
      ? [
          `${soFar === 0 ? 'no traffic' : 'more traffic'}: ${soFar} of ${needed} reads of the service in the window`,
        ]
      : []),
    ...guardrails
      // That the service was asked too little was said once.
      .filter(
        ({ verdict, lacks }) => verdict === 'no data' && !(isTooFew && lacks === 'reads of the service'),
      )
      .map(({ guardrail, value }) => `guardrail ${guardrail} has no data: ${value}`),
  ];
}
