import type { components } from '../../control/api.gen.ts';

type Step = components['schemas']['ChangeStep'];

/** The steps of a change of owner, in their order, in words; and those of the way back when it is given up. */
const FORWARD = [
  ['journal-started', 'The journal has that it began'],
  ['await-held', 'Every proxy holds new writes, and lets running ones finish'],
  ['raise-fence', 'The old owner’s tables refuse writers'],
  ['drain', 'What was written before is carried over'],
  ['settle', 'The last keys are compared, and sequences raised'],
  ['journal-owner-changed', 'The journal has the new owner: the point of no return'],
  ['open', 'The new owner takes writes, and the old one follows'],
  ['journal-released', 'The held writes go on, to the new owner'],
] as const;
const BACK = [
  ['journal-aborting', 'The journal has that it is given up'],
  ['lift', 'The old owner takes writes again'],
  ['journal-aborted', 'The held writes go on, to the old owner'],
] as const;

export interface Phase {
  phase: string;
  words: string;
  state: 'done' | 'doing' | 'failed' | 'ahead';
  /** Null as long as it is not over, and where nobody has seen it. */
  tookMs: number | null;
  /** Why it failed; empty unless it did. */
  reason: string;
}

export interface Change {
  phases: Phase[];
  /** How long new writes had been waiting when the newest step was told; null when none did. */
  writesWaitMs: number | null;
}

/**
 * Where a change of owner is: by the steps that were told of it since `since` (ISO time), and by the phase of the
 * status where none was. Null for what is no change of owner.
 */
export function phasesOf(
  steps: readonly Step[],
  migration: string,
  since: string,
  phase: string | null,
): Change | null {
  const mine = steps.filter((step) => step.migration === migration && step.at >= since);
  const told = new Map(mine.map((step) => [step.step, step]));
  const isBack = BACK.some(([name]) => told.has(name) || name === phase);
  const chain = [...FORWARD, ...BACK].filter(([name]) =>
    isBack ? told.has(name) || BACK.some(([back]) => back === name) : FORWARD.some(([one]) => one === name),
  );
  const at = chain.findIndex(([name]) => name === phase);
  if (told.size === 0 && at < 0) return null;
  const newest = mine.at(-1);
  return {
    writesWaitMs: newest?.writesWaitMs ?? null,
    phases: chain.map(([name, words], index) => {
      const step = told.get(name);
      const byStatus = index < at ? 'done' : index === at ? 'doing' : 'ahead';
      const state = step ? (step.state === 'begun' ? 'doing' : step.state) : byStatus;
      return { phase: name, words, state, tookMs: step?.tookMs ?? null, reason: step?.reason ?? '' };
    }),
  };
}
