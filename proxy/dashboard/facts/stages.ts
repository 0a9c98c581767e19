import type { components } from '../../control/api.gen.ts';
import type { Migration } from '../stream/changes.ts';

type Schemas = components['schemas'];
export type Stage = Schemas['Stage'];
export type Verb = Schemas['Verb'];

const STAGES: readonly Stage[] = ['legacy', 'dual-write', 'shadow', 'canary', 'extracted', 'retired'];

/** What a stage means, for somebody who sees the word for the first time. */
const MEANING: Readonly<Record<Stage, string>> = {
  legacy: 'The monolith does everything.',
  'dual-write': 'Rows are copied to the service and kept in step.',
  shadow: 'A sample of reads is asked of both sides, and the answers are compared.',
  canary: 'Some clients get their reads from the service.',
  extracted: 'The service answers and owns; the monolith follows.',
  retired: 'The sync is removed. There is no way back.',
};

/** What a move is called on a button. */
export const VERB_WORDS: Readonly<Record<Verb, string>> = {
  sync: 'Start the sync',
  shadow: 'Compare answers',
  canary: 'Send reads over',
  cutover: 'Cut over',
  rollback: 'Roll back',
  retire: 'Retire for good',
};

export interface Step {
  stage: Stage;
  state: 'passed' | 'here' | 'ahead';
  meaning: string;
}

/** The stages as a path, with where the migration stands on it. */
export function pathOf({ stage }: Pick<Migration, 'stage'>): Step[] {
  const here = STAGES.indexOf(stage);
  return STAGES.map((one, at) => ({
    stage: one,
    state: at < here ? 'passed' : at === here ? 'here' : 'ahead',
    meaning: MEANING[one],
  }));
}

/** Where a rollback leads; null where there is none. Known from the stage alone. */
export function stageBack({ stage, back }: Pick<Migration, 'stage' | 'back'>): Stage | null {
  if (back === null) return null;
  if (stage === 'extracted') return 'shadow';
  return STAGES[STAGES.indexOf(stage) - 1] ?? null;
}
