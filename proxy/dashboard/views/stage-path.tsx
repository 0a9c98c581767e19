import type { Migration } from '../stream/changes.ts';
import { pathOf } from '../facts/stages.ts';
import { Icon } from '../parts/icon.tsx';
import { percent } from '../words.ts';

const SPOKEN = { passed: 'passed', here: 'here now', ahead: 'ahead' } as const;

/** The stages as a path, with where the migration stands. */
export function StagePath({ migration }: { migration: Migration }) {
  return (
    <ol class="path sheet" aria-label="Stages">
      {pathOf(migration).map(({ stage, state, meaning }) => (
        <li key={stage} data-state={state} aria-current={state === 'here' ? 'step' : undefined}>
          <span class="path-mark">{state === 'passed' && <Icon name="good" />}</span>
          <span class="path-name">
            {stage}
            {stage === 'canary' && state === 'here' && ` ${percent(migration.weightSet)}`}
            <span class="spoken"> ({SPOKEN[state]})</span>
          </span>
          <span class="path-meaning quiet">{meaning}</span>
        </li>
      ))}
    </ol>
  );
}
