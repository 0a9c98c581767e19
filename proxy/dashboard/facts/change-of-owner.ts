/** The phases of a change of owner, in their order, in words; the way back when it is given up. */
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
  state: 'done' | 'doing' | 'ahead';
}

/** Where a change of owner is; null for a phase that is none of it. */
export function phasesOf(doing: string): Phase[] | null {
  const chain = [FORWARD, BACK].find((one) => one.some(([phase]) => phase === doing));
  if (!chain) return null;
  const at = chain.findIndex(([phase]) => phase === doing);
  return chain.map(([phase, words], index) => ({
    phase,
    words,
    state: index < at ? 'done' : index === at ? 'doing' : 'ahead',
  }));
}
