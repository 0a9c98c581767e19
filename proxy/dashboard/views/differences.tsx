import { useState } from 'preact/hooks';
import { answerOf, api, type Schemas } from '../client/call.ts';
import { journal } from '../client/journal.ts';
import type { Migration } from '../stream/changes.ts';
import { useAnswer } from '../client/use-answer.ts';
import { Ago } from '../parts/ago.tsx';
import { Badge } from '../parts/badge.tsx';
import { Panel } from '../parts/panel.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { count, percent } from '../words.ts';
import { newestIgnoring } from '../facts/ignoring.ts';
import { Ignore, Ignored } from './ignore.tsx';

type Field = Schemas['FieldDifferences'];

const TONES = { agrees: 'good', differs: 'bad', 'not enough data': 'plain', 'no data': 'plain' } as const;

/** Where the answers of both sides differ, by operation and field. */
export function DifferencesPanel({ migration }: { migration: Migration }) {
  const { name, shadow, stage } = migration;
  const { compared = 0, differed = 0 } = shadow ?? {};
  const rules = newestIgnoring(journal.value ?? [], name);
  const about = JSON.stringify([name, stage, rules, differed, Math.floor(Math.log2(compared + 1))]);
  const { answer, refusal, again } = useAnswer(about, () =>
    answerOf(api.GET('/v1/migrations/{migration}/differences', { params: { path: { migration: name } } })),
  );
  if (!shadow && (answer === null || answer.compared === 0)) {
    return (
      <Panel title="Differences">
        <Refusal refusal={refusal} />
        <p class="quiet">
          {answer?.since
            ? 'Nothing is compared yet by the present rules.'
            : 'Nothing is compared yet; that begins at stage shadow.'}
        </p>
        {answer && <Ignored migration={name} ignored={answer.ignored} done={again} />}
      </Panel>
    );
  }
  return (
    <Panel title="Differences" aside={answer && <Badge tone={TONES[answer.verdict]}>{answer.verdict}</Badge>}>
      <Refusal refusal={refusal} />
      {answer && <Counts differences={answer} />}
      {answer?.operations.map((operation) => (
        <Operation key={operation.operation} migration={name} operation={operation} again={again} />
      ))}
      {answer && <Ignored migration={name} ignored={answer.ignored} done={again} />}
    </Panel>
  );
}

function Counts({ differences }: { differences: Schemas['Differences'] }) {
  const { compared, agreed, differed, dropped, tooBig, noVerdict, since } = differences;
  const besides = [
    [dropped, 'dropped, because too many waited'],
    [tooBig, 'too big to compare'],
    [noVerdict, 'without a verdict'],
  ] as const;
  return (
    <p>
      <b>{count(compared)}</b> answers compared
      {since && (
        <>
          {' '}
          since <Ago at={since} />
        </>
      )}
      : {count(agreed)} agreed, {count(differed)} differed.{' '}
      <span class="quiet">
        {besides.flatMap(([many, words]) => (many > 0 ? [`${count(many)} ${words}`] : [])).join(', ')}
      </span>
    </p>
  );
}

function Operation({
  migration,
  operation,
  again,
}: {
  migration: string;
  operation: Schemas['OperationDifferences'];
  again: () => void;
}) {
  const { verdict, compared, fields, unlisted, noise } = operation;
  return (
    <details class="operation" open={fields.length > 0}>
      <summary>
        <code>{operation.operation}</code> <Badge tone={TONES[verdict]}>{verdict}</Badge>{' '}
        <span class="quiet">{count(compared)} compared</span>
      </summary>
      <ul class="fields">
        {fields.map((field) => (
          <FieldRow key={field.field} migration={migration} field={field} again={again} />
        ))}
      </ul>
      {unlisted > 0 && <p class="quiet">{count(unlisted)} more in fields that are not listed.</p>}
      {noise.length > 0 && (
        <p class="quiet">
          Noise, not compared:{' '}
          {noise.map(({ field, excused }) => `${field} (${count(excused)} times)`).join(', ')}
        </p>
      )}
    </details>
  );
}

function FieldRow({ migration, field, again }: { migration: string; field: Field; again: () => void }) {
  const [at, setAt] = useState(0);
  const example = field.examples[at] ?? field.examples[0];
  return (
    <li class="difference">
      <p>
        <code class="field-name">{field.field}</code> <b>{count(field.count)} times</b>{' '}
        <span class="quiet">
          {percent(field.percent)} of the answers, last <Ago at={field.last} />
        </span>
      </p>
      {example && (
        <>
          <p class="quiet">
            <code>{example.target}</code> at <code>{example.place}</code>
          </p>
          <div class="side-by-side">
            <figure data-side="monolith">
              <figcaption>monolith says</figcaption>
              <pre tabIndex={0}>{example.monolith}</pre>
            </figure>
            <figure data-side="service">
              <figcaption>service says</figcaption>
              <pre tabIndex={0}>{example.service}</pre>
            </figure>
          </div>
        </>
      )}
      <div class="row">
        {field.examples.length > 1 && (
          <button type="button" class="small" onClick={() => setAt((at + 1) % field.examples.length)}>
            Example {at + 1} of {field.examples.length}
          </button>
        )}
        <Ignore migration={migration} field={field.field} done={again} />
      </div>
    </li>
  );
}
