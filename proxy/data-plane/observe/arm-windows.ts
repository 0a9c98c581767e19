import type { Decision } from '../decide.ts';
import type { Side } from '../exchange.ts';
import type { Standing } from '../standing.ts';
import type { Histogram } from './histogram.ts';
import { SlidingWindow } from './window.ts';

/** Reads of one side within the window. */
export interface ArmStats {
  requests: number;
  failed: number;
  /** Microseconds to the first byte, as `Histogram.sparse` writes them: they can be added up over proxies. */
  latency: number[];
}

/** How both sides answered reads, since the present stage and weight and within the window: evidence for guardrails. */
export interface ArmsStats {
  /** Journal position that brought this stage and weight. */
  seq: number;
  windowMs: number;
  monolith: ArmStats;
  service: ArmStats;
}

const SLICES = 12;

/** What the reads of both arms were like under one stage and weight; a new one begins with nothing. */
export class ArmWindows {
  readonly seq: number;
  readonly windowMs: number;
  readonly #sides: Record<Side, SlidingWindow>;

  constructor(seq: number, windowMs: number, now: () => number) {
    const size = { lengthMs: windowMs, slices: SLICES };
    this.seq = seq;
    this.windowMs = windowMs;
    this.#sides = { monolith: new SlidingWindow(size, now), service: new SlidingWindow(size, now) };
  }

  /** A read that was decided before this stage and weight says nothing about them. */
  record(
    { side, seq }: Pick<Decision, 'side' | 'seq'>,
    latencyUs: number | null,
    failed: boolean,
    now?: number,
  ): void {
    if (seq >= this.seq) this.#sides[side].record(latencyUs, failed, now);
  }

  stats(): ArmsStats {
    const { monolith, service } = this.#sides;
    return {
      seq: this.seq,
      windowMs: this.windowMs,
      monolith: armOf(monolith.sum()),
      service: armOf(service.sum()),
    };
  }
}

/** Whether the service answers reads at this stage, and could do worse than before. */
export function isWatched(stage: Standing['stage']): boolean {
  return stage === 'canary' || stage === 'extracted';
}

function armOf({
  requests,
  failed,
  latency,
}: {
  requests: number;
  failed: number;
  latency: Histogram;
}): ArmStats {
  return { requests, failed, latency: latency.sparse() };
}
