import type { Migration } from '../stream/changes.ts';
import { count, duration, percent, syncInWords, takenBackInWords, verifyInWords } from '../words.ts';

export type Tone = 'good' | 'attention' | 'bad' | 'plain';

/** One thing that is to be known of a migration. */
export interface Fact {
  tone: Tone;
  words: string;
}

export interface Standing {
  /** What happens, or what it waits for, as a heading. */
  heading: string;
  tone: Tone;
  /** What it waits for, each in words. */
  waitsFor: readonly string[];
}

/** What a migration waits for, in words. */
export function standingOf({ moving, next, waitsFor, ramp, takenBack }: Migration): Standing {
  if (moving) {
    return { heading: `${moving.verb} under way: ${moving.phase}`, tone: 'attention', waitsFor: [] };
  }
  if (takenBack) {
    const words = takenBackInWords(takenBack);
    return { heading: capital(words), tone: 'bad', waitsFor };
  }
  if (next === null) return { heading: 'Nothing is left to do', tone: 'good', waitsFor: [] };
  if (ramp && ramp.waitsFor.length > 0 && ramp.step < ramp.steps.length) {
    return { heading: 'The ramp waits', tone: 'attention', waitsFor: ramp.waitsFor };
  }
  if (waitsFor.length === 0) return { heading: `Ready for ${next}`, tone: 'good', waitsFor };
  const things = waitsFor.length === 1 ? 'one thing' : `${waitsFor.length} things`;
  return { heading: `${capital(next)} waits for ${things}`, tone: 'attention', waitsFor };
}

/** The lag, in a word or two. */
export function lagOf({ sync }: Migration): Fact {
  if (!sync) return { tone: 'plain', words: 'no sync' };
  if (sync.state === 'stalled') return { tone: 'bad', words: syncInWords(sync) };
  if (sync.state === 'live') return { tone: 'good', words: duration(sync.lagSeconds) };
  return { tone: 'attention', words: sync.state };
}

/** What was found by everything that looks: verify, shadow, guardrails, addresses, parked changes, drift. */
export function verdictsOf(migration: Migration): Fact[] {
  return [
    ...verifyFact(migration),
    ...shadowFact(migration),
    ...guardrailFacts(migration),
    ...addressFacts(migration),
    ...syncFacts(migration),
  ];
}

function verifyFact({ verify }: Migration): Fact[] {
  if (!verify) return [];
  const isClean = verify.differences === verify.repaired;
  const tone = verify.state === 'running' ? 'attention' : verify.state === 'done' && isClean ? 'good' : 'bad';
  return [{ tone, words: `verify: ${verifyInWords(verify)}` }];
}

function shadowFact({ shadow }: Migration): Fact[] {
  if (!shadow) return [];
  const tone = { agrees: 'good', differs: 'bad', 'not enough data': 'plain' } as const;
  const share = shadow.compared > 0 ? `, ${count(shadow.compared)} compared` : '';
  return [{ tone: tone[shadow.verdict], words: `shadow: ${shadow.verdict}${share}` }];
}

function guardrailFacts({ guardrails }: Migration): Fact[] {
  if (guardrails.length === 0) return [];
  const broken = guardrails.filter(({ verdict }) => verdict === 'broken');
  if (broken.length > 0) {
    return broken.map((one) => ({ tone: 'bad', words: `${one.guardrail} broken: ${one.value}` }));
  }
  const silent = guardrails.filter(({ verdict }) => verdict === 'no data').length;
  if (silent > 0)
    return [{ tone: 'plain', words: `guardrails: ${silent} of ${guardrails.length} without data` }];
  return [{ tone: 'good', words: `guardrails: all ${guardrails.length} hold` }];
}

function addressFacts({ addresses }: Migration): Fact[] {
  return addresses
    .filter(({ state }) => state !== 'healthy' && state !== 'unknown')
    .map(({ side, address, state }) => ({ tone: 'bad', words: `${side} ${address} ${state}` }));
}

function syncFacts({ sync }: Migration): Fact[] {
  if (!sync) return [];
  const parked = sync.parked > 0 ? [`${count(sync.parked)} changes parked`] : [];
  const drift = sync.drift.length > 0 ? [`${sync.drift.length} tables or columns were changed`] : [];
  return [...parked, ...drift].map((words) => ({ tone: 'bad', words }));
}

/** Weight that was ordered, and what came of it. */
export function weightOf({ stage, owner, weightSet, weightActual }: Migration): {
  set: string;
  actual: string;
} {
  const isAll = owner === 'service';
  const set = stage === 'canary' ? percent(weightSet) : isAll ? '100 %' : '0 %';
  return { set, actual: weightActual === null ? 'no reads lately' : `${percent(weightActual)} actual` };
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
