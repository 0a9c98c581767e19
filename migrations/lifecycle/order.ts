import type { GateResult } from './gates.ts';
import type { GuardrailResult } from './guardrails.ts';
import type { RampPosition } from './ramp.ts';
import type { Stage, Verb } from './stages.ts';

/** A move that somebody orders. */
export interface Order {
  verb: Verb;
  /** Percent with one decimal; for `canary`. */
  weight: number;
  actor: string;
  reason: string | null;
  /** The step of a ramp that a `canary` begins. */
  ramp?: RampPosition;
  /** What a ramp or a guardrail decided on. */
  watched?: WatchedTraffic;
  /** Gates that need not hold, for this one move. */
  override?: readonly string[];
  /** For `retire`: the monolith's tables go on refusing writes, by a trigger that stays. */
  keepGuard?: boolean;
}

export interface PlanOptions {
  /** False leaves out the gates that cost locks on real rows: for those who look all the time. */
  rehearse?: boolean;
  /** Gates that would be overridden. */
  override?: readonly string[];
  /** The share of reads that a `canary` would begin with. */
  weight?: number | null;
}

/** Traffic that was watched at one stage and weight; it says nothing any more once these have changed. */
export interface WatchedTraffic {
  stageSeq: number;
  guardrails: readonly GuardrailResult[];
}

export interface MovePlan {
  migration: string;
  /** All that move with it, itself among them. */
  together: string[];
  verb: Verb;
  from: Stage;
  to: Stage;
  steps: string[];
  gates: GateResult[];
  /** Who waits because of it, and for how long at most, in words. */
  waits: string[];
  writesWaitAtMostMs: number;
  rollbackCost: string;
  allowed: boolean;
}

export interface MoveResult {
  migration: string;
  verb: Verb;
  from: Stage;
  to: Stage;
  epoch: number;
  done: boolean;
  /** Not done, because its time was over. */
  late: boolean;
  detail: string;
  durationMs: number;
}
