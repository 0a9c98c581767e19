import { durationInWords } from './duration.ts';
import type { Proportion } from './proportion.ts';
import { isCertainlyAbove, isCertainlyAboveBase, shareOf } from './proportion.ts';

/** A condition that is watched while traffic flows, and what it was found to be. */
export interface GuardrailResult {
  guardrail: 'error rate' | 'p99' | 'mismatch' | 'lag';
  /** `no data` is neither of the others: nothing moves forward on it, and nothing is taken back. */
  verdict: 'ok' | 'broken' | 'no data';
  value: string;
  threshold: string;
  window: string;
  /** What there is too little of; null when there is enough. */
  lacks: string | null;
}

/** Each may be `false`: off. */
export interface GuardrailThresholds {
  /** What is looked at: at most this long, and never from before the present weight. */
  windowMs: number;
  /** Reads of the service that a verdict other than `broken` needs. */
  minRequests: number;
  /** Percentage points by which more of the service's reads may fail than of the monolith's. */
  errorPercent: number | false;
  p99: { factor: number; atLeastMs: number } | false;
  /** Share of compared answers that may differ. */
  mismatchPercent: number | false;
  lagSeconds: number | false;
}

/** Reads of one side, over all proxies. */
export interface ArmEvidence {
  requests: number;
  failed: number;
  /** Reads with a first byte: only these have a latency. */
  timed: number;
  p99Ms: number | null;
  slowerThan(ms: number): number;
}

/** What was seen within the window; null where there is nothing to see. */
export interface TrafficEvidence {
  /** How long the window really is: the present weight may be younger. */
  windowMs: number;
  service: ArmEvidence;
  /** Null where no reads go to the monolith any more. */
  monolith: ArmEvidence | null;
  /** Null where no reads are compared. */
  shadow: { compared: number; differed: number } | null;
  /** Null where nothing is synced; its seconds are null when the sync does not report. */
  lag: { seconds: number | null } | null;
}

/** Verdicts on a p99 need this many at least: of fewer, it is the maximum. */
const LEAST_FOR_P99 = 100;
/** Fewer compared answers are no verdict. Only a sample of reads is compared. */
const LEAST_COMPARED = 20;

/** Judges each guardrail that is on. Pure. */
export function judgeGuardrails(
  evidence: TrafficEvidence,
  thresholds: GuardrailThresholds,
): GuardrailResult[] {
  const guardrails = [errorRate, p99, mismatch, lag];
  return guardrails.flatMap((guardrail) => guardrail(evidence, thresholds) ?? []);
}

/** A verdict with its evidence, in one line. */
export function guardrailInWords({ guardrail, value, threshold, window }: GuardrailResult): string {
  return `${guardrail}: ${value}, ${threshold}, ${window === NOW ? NOW : `in the last ${window}`}`;
}

type Guardrail = (evidence: TrafficEvidence, thresholds: GuardrailThresholds) => GuardrailResult | null;

const NOW = 'now';
const OF_SERVICE = 'reads of the service';

/** Against the other arm where that has enough reads; what fails on both sides is not the service's fault. */
const errorRate: Guardrail = ({ service, monolith, windowMs }, { errorPercent, minRequests }) => {
  if (errorPercent === false) return null;
  const margin = errorPercent / 100;
  const seen = { hits: service.failed, of: service.requests };
  const base =
    monolith && monolith.requests >= minRequests ? { hits: monolith.failed, of: monolith.requests } : null;
  const isBroken = base ? isCertainlyAboveBase(seen, base, margin) : isCertainlyAbove(seen, margin);
  return {
    guardrail: 'error rate',
    ...verdictOf(isBroken, service.requests < minRequests ? OF_SERVICE : null),
    value: percentOf(seen, OF_SERVICE),
    threshold: base
      ? `at most ${errorPercent} points above the monolith's ${percent(shareOf(base))}`
      : `at most ${errorPercent} %`,
    window: durationInWords(windowMs),
  };
};

/** A p99 is above the limit when more than one in a hundred reads are: that can be told from chance. */
const p99: Guardrail = ({ service, monolith, windowMs }, { p99: limits, minRequests }) => {
  if (limits === false || !monolith) return null;
  const window = durationInWords(windowMs);
  const needed = Math.max(minRequests, LEAST_FOR_P99);
  const value = service.p99Ms === null ? 'no reads of the service' : milliseconds(service.p99Ms);
  if (monolith.p99Ms === null || monolith.timed < needed) {
    const threshold = `${limits.factor} times the monolith's`;
    const few = `${value}, and ${monolith.timed} of ${needed} reads of the monolith to compare with`;
    return {
      guardrail: 'p99',
      verdict: 'no data',
      value: few,
      threshold,
      window,
      lacks: 'reads of the monolith',
    };
  }
  const limitMs = Math.max(monolith.p99Ms * limits.factor, monolith.p99Ms + limits.atLeastMs);
  const isBroken = isCertainlyAbove({ hits: service.slowerThan(limitMs), of: service.timed }, 0.01);
  return {
    guardrail: 'p99',
    ...verdictOf(isBroken, service.timed < minRequests ? OF_SERVICE : null),
    value: `${value} of ${service.timed} reads`,
    threshold: `at most ${milliseconds(limitMs)}, the monolith's being ${milliseconds(monolith.p99Ms)}`,
    window,
  };
};

const mismatch: Guardrail = ({ shadow, windowMs }, { mismatchPercent }) => {
  if (mismatchPercent === false || !shadow) return null;
  const seen = { hits: shadow.differed, of: shadow.compared };
  const isTooFew = shadow.compared < LEAST_COMPARED;
  return {
    guardrail: 'mismatch',
    ...verdictOf(isCertainlyAbove(seen, mismatchPercent / 100), isTooFew ? 'compared answers' : null),
    value: `${percentOf(seen, 'compared answers')}${isTooFew ? `, needs ${LEAST_COMPARED}` : ''}`,
    threshold: `at most ${mismatchPercent} %`,
    window: durationInWords(windowMs),
  };
};

/** Lag is the age of the oldest change that has not arrived: above the limit, it has been bad for that long. */
const lag: Guardrail = ({ lag: seen }, { lagSeconds }) => {
  if (lagSeconds === false || !seen) return null;
  const { seconds } = seen;
  return {
    guardrail: 'lag',
    ...verdictOf(seconds !== null && seconds > lagSeconds, seconds === null ? 'a report of the sync' : null),
    value: seconds === null ? 'the sync does not report' : `${seconds.toFixed(1)} s`,
    threshold: `at most ${lagSeconds} s`,
    window: NOW,
  };
};

function verdictOf(isBroken: boolean, lacks: string | null): Pick<GuardrailResult, 'verdict' | 'lacks'> {
  return isBroken
    ? { verdict: 'broken', lacks: null }
    : { verdict: lacks === null ? 'ok' : 'no data', lacks };
}

function percentOf(seen: Proportion, of: string): string {
  return seen.of === 0 ? `no ${of}` : `${percent(shareOf(seen))} of ${seen.of} ${of}`;
}

const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;

const milliseconds = (ms: number): string => `${Number(ms.toPrecision(3))} ms`;
