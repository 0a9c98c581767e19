import type { Migration } from '../stream/changes.ts';
import { weightOf } from '../facts/standing.ts';
import { Ago } from '../parts/ago.tsx';
import { Badge } from '../parts/badge.tsx';
import { Icon } from '../parts/icon.tsx';
import { Meter } from '../parts/meter.tsx';
import { Panel } from '../parts/panel.tsx';
import { percent, rampInWords, takenBackInWords } from '../words.ts';

/** Who answers: weight, ramp, guardrails, and how the addresses fare. */
export function ReadsPanel({ migration }: { migration: Migration }) {
  const { ramp, takenBack, guardrails, addresses } = migration;
  const isQuiet = !ramp && guardrails.length === 0;
  return (
    <Panel title="Traffic">
      <Weights migration={migration} />
      {takenBack && (
        <p>
          <Badge tone="bad">
            {takenBackInWords(takenBack)}, <Ago at={takenBack.at} />
          </Badge>
        </p>
      )}
      {ramp && <Ramp ramp={ramp} />}
      {guardrails.length > 0 && <Guardrails migration={migration} />}
      {isQuiet && <p class="quiet">No guardrail is watched at this stage.</p>}
      {addresses.length > 0 && <Addresses migration={migration} />}
    </Panel>
  );
}

function Weights({ migration }: { migration: Migration }) {
  const { set } = weightOf(migration);
  const { weightActual } = migration;
  return (
    <div class="weights">
      <p>
        <strong>{set}</strong> of the reads are set to go to the service;{' '}
        {weightActual === null ? (
          'none came lately'
        ) : (
          <>
            <strong>{percent(weightActual)}</strong> went there lately
          </>
        )}
        .
      </p>
      {weightActual !== null && (
        <Meter
          value={weightActual}
          total={100}
          words={`${percent(weightActual)} of the reads went to the service`}
        />
      )}
    </div>
  );
}

function Ramp({ ramp }: { ramp: NonNullable<Migration['ramp']> }) {
  return (
    <section aria-labelledby="ramp-title">
      <h3 id="ramp-title">Ramp</h3>
      <p>{rampInWords(ramp)}</p>
      <ol class="ramp">
        {ramp.steps.map((words, at) => (
          <li key={words} aria-current={at + 1 === ramp.step ? 'step' : undefined}>
            {words}
          </li>
        ))}
      </ol>
      {ramp.waitsFor.map((words) => (
        <p key={words} class="quiet">
          {words}
        </p>
      ))}
    </section>
  );
}

const TONES = { ok: 'good', broken: 'bad', 'no data': 'plain' } as const;

function Guardrails({ migration }: { migration: Migration }) {
  return (
    <section aria-labelledby="guardrails-title">
      <h3 id="guardrails-title">Guardrails</h3>
      <ul class="gates">
        {migration.guardrails.map(({ guardrail, verdict, value, threshold, window }) => (
          <li key={guardrail} data-tone={TONES[verdict]}>
            <span class="gate-mark">
              <Icon name={TONES[verdict]} />
              <span class="spoken">{verdict}: </span>
            </span>
            <div>
              <strong>{guardrail}</strong>
              <span class="gate-value">{value}</span>
              <span class="quiet">
                {threshold}, {window}
              </span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Addresses({ migration }: { migration: Migration }) {
  return (
    <section aria-labelledby="addresses-title">
      <h3 id="addresses-title">Addresses</h3>
      <ul class="plain">
        {migration.addresses.map(({ side, address, state, since, lastError }) => (
          <li key={`${side} ${address}`}>
            <Badge tone={state === 'healthy' ? 'good' : state === 'unknown' ? 'plain' : 'bad'}>{state}</Badge>{' '}
            <b data-side={side}>{side}</b> <code>{address}</code>{' '}
            <span class="quiet">
              since <Ago at={since} />
              {lastError !== null && state !== 'healthy' && `: ${lastError}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
