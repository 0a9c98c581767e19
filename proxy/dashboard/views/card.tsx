import type { Migration } from '../stream/changes.ts';
import { order } from '../client/ordering.ts';
import { addressOf } from '../client/place.ts';
import { lagOf, standingOf, verdictsOf, weightOf, type Standing } from '../facts/standing.ts';
import { pathOf, VERB_WORDS } from '../facts/stages.ts';
import { Badge } from '../parts/badge.tsx';
import { Icon } from '../parts/icon.tsx';
import { memo } from '../parts/memo.ts';
import { list } from '../words.ts';

/** One migration on the overview. */
export const MigrationCard = memo(({ migration }: { migration: Migration }) => {
  const { name, service, stage, owner } = migration;
  const [weight, lag] = [weightOf(migration), lagOf(migration)];
  const standing = standingOf(migration);
  return (
    <li class="card" data-owner={owner} data-migration={name}>
      <header>
        <h3>
          <a href={addressOf.migration(name)}>{name}</a>
        </h3>
        <span class="quiet">to {service}</span>
      </header>
      <StageDots migration={migration} />
      <dl class="facts">
        <Fact name="Stage">{stage}</Fact>
        <Fact name="Owner">{owner}</Fact>
        <Fact name="Lag">{lag.tone === 'bad' ? <Badge tone="bad">{lag.words}</Badge> : lag.words}</Fact>
        <Fact name="Reads of the service">
          {weight.set} set <span class="quiet">/ {weight.actual}</span>
        </Fact>
      </dl>
      <Verdicts migration={migration} />
      <WaitsFor standing={standing} />
      <Moves migration={migration} />
    </li>
  );
});

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The six stages in a row, without their names: those stand below. */
function StageDots({ migration }: { migration: Migration }) {
  const steps = pathOf(migration);
  const at = steps.findIndex(({ state }) => state === 'here');
  return (
    <svg class="dots" viewBox="0 0 200 14" role="img" aria-label={`stage ${at + 1} of 6, ${migration.stage}`}>
      <path class="dots-line" d="M7 7H193" />
      <path class="dots-done" d={`M7 7H${7 + at * 37.2}`} />
      {steps.map(({ stage, state }, index) => (
        <circle
          key={stage}
          class={`dot-${state}`}
          cx={7 + index * 37.2}
          cy="7"
          r={state === 'here' ? 6 : 3.5}
        />
      ))}
    </svg>
  );
}

function Verdicts({ migration }: { migration: Migration }) {
  const verdicts = verdictsOf(migration);
  if (verdicts.length === 0) return null;
  return (
    <ul class="badges" aria-label="Verdicts">
      {verdicts.map(({ tone, words }) => (
        <li key={words}>
          <Badge tone={tone}>{words}</Badge>
        </li>
      ))}
    </ul>
  );
}

const SHOWN = 3;

export function WaitsFor({ standing, all = false }: { standing: Standing; all?: boolean }) {
  const { heading, tone, waitsFor } = standing;
  const shown = all ? waitsFor : waitsFor.slice(0, SHOWN);
  const rest = waitsFor.length - shown.length;
  return (
    <div class="waits" data-tone={tone}>
      <strong>
        <Icon name={tone} /> {heading}
      </strong>
      {shown.length > 0 && (
        <ul>
          {shown.map((words) => (
            <li key={words}>{words}</li>
          ))}
          {rest > 0 && <li class="quiet">and {rest} more</li>}
        </ul>
      )}
    </div>
  );
}

/** Next and back, each by way of its plan. */
export function Moves({ migration }: { migration: Migration }) {
  const { name, next, back, moving, together } = migration;
  const isMoving = moving !== null;
  const all = list(together);
  return (
    <div class="moves">
      {back && (
        <button type="button" disabled={isMoving} onClick={() => order({ migration: name, verb: back })}>
          <Icon name="back" /> {VERB_WORDS[back]} …<span class="spoken"> {all}</span>
        </button>
      )}
      {next && (
        <button
          type="button"
          class="primary"
          disabled={isMoving}
          onClick={() => order({ migration: name, verb: next })}
        >
          {VERB_WORDS[next]} …<span class="spoken"> {all}</span> <Icon name="next" />
        </button>
      )}
    </div>
  );
}
