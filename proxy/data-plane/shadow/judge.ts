import { setTimeout as pause } from 'node:timers/promises';
import type { Asked } from './ask.ts';
import { whole, type Answer } from './compare.ts';
import type { Difference } from './found.ts';
import { isWhole, steadyOf, type Noise } from './noise.ts';

/** What one sample showed. */
export type Judgement =
  { kind: 'agreed' | 'tooBig' | 'noVerdict' } | { kind: 'differed'; differences: Difference[] };

/** What a sample is judged with. */
export interface Court {
  /** Asks both sides, or the monolith alone, and compares; the monolith also with what it said before. */
  look(before: Answer | null): Promise<Look>;
  lookAtMonolith(before: Answer): Promise<Difference[]>;
  noise: Noise;
  /** Pauses in milliseconds before a difference is looked at again: a service may lag, a value may be noise. */
  pausesMs: readonly number[];
  /** Nobody waits for the judgement any more. */
  signal: AbortSignal;
}

export type Look =
  | { kind: 'tooBig' | 'noVerdict' }
  | {
      kind: 'compared';
      monolith: Answer;
      /** Where the service says something else than the monolith. */
      differences: Difference[];
      /** Where the monolith says something else than it did before. */
      varied: Difference[];
    };

/**
 * Judges one sample. A difference counts when it is still there after all pauses, and when the monolith said the
 * same there each time; what it said differently may be noise or a write, so it proves nothing in this sample. Where
 * that happens in nearly all samples of the operation, it is noise, and is taken away from the next ones at once.
 */
export async function judge(court: Court): Promise<Judgement> {
  const { noise, pausesMs, signal } = court;
  const varied: Difference[] = [];
  let before: Answer | null = null;
  let last: Difference[] = [];
  let isNoiseDue = false;
  for (const pauseMs of [0, ...pausesMs]) {
    if (pauseMs > 0) await pause(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return { kind: 'noVerdict' };
    const look = await court.look(before);
    if (look.kind !== 'compared') return look;
    varied.push(...look.varied);
    last = look.differences;
    if (last.length === 0) return { kind: 'agreed' };
    if (!isNoiseDue && noise.unexplained(last).length === 0) {
      isNoiseDue = before === null && noise.isDue();
      if (!isNoiseDue) return excused(last, noise);
    }
    before = look.monolith;
  }
  // The service was asked a moment before or after the monolith, and a write may have come in between.
  if (before) varied.push(...(await court.lookAtMonolith(before)));
  return conclude(last, varied, noise);
}

function excused(differences: readonly Difference[], noise: Noise): Judgement {
  noise.excuse(differences);
  return { kind: differences.some(isWhole) ? 'noVerdict' : 'agreed' };
}

function conclude(last: readonly Difference[], varied: readonly Difference[], noise: Noise): Judgement {
  const unexplained = noise.unexplained(last);
  const steady = steadyOf(last, varied);
  noise.learn(last, steady);
  const real = steady.filter((each) => unexplained.includes(each));
  if (real.length > 0) return { kind: 'differed', differences: real };
  return unexplained.length > 0 ? { kind: 'noVerdict' } : excused(last, noise);
}

/** A service that gives no answer where the monolith gives one. */
export function noAnswer(monolith: Answer, { reason }: Extract<Asked, { kind: 'no answer' }>): Difference {
  return whole('status', `${monolith.status}`, `no answer (${reason})`);
}
