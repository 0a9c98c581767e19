import type { Change } from '../facts/change-of-owner.ts';
import { milliseconds } from '../words.ts';
import { Icon } from './icon.tsx';

const ICONS = { done: 'good', doing: 'next', failed: 'bad', ahead: 'plain' } as const;
const SPOKEN = { done: 'done', doing: 'being done', failed: 'failed', ahead: 'ahead' } as const;

/** A change of owner, step by step, with the time that each took and that writes have waited. */
export function Phases({ change }: { change: Change }) {
  const { phases, writesWaitMs } = change;
  return (
    <>
      <ol class="phases">
        {phases.map(({ phase, words, state, tookMs, reason }) => (
          <li key={phase} data-state={state} aria-current={state === 'doing' ? 'step' : undefined}>
            <Icon name={ICONS[state]} />
            <span class="spoken">{SPOKEN[state]}: </span>
            <span>
              {words}
              {reason !== '' && <span class="advice">{reason}</span>}
            </span>
            {tookMs !== null && <span class="quiet took">{milliseconds(tookMs)}</span>}
          </li>
        ))}
      </ol>
      {writesWaitMs !== null && (
        <p class="waited">
          New writes have been waiting for <strong>{milliseconds(writesWaitMs)}</strong>.
        </p>
      )}
    </>
  );
}
