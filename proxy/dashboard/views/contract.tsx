import { answerOf, api, type Schemas } from '../client/call.ts';
import type { Migration } from '../stream/changes.ts';
import { useAnswer } from '../client/use-answer.ts';
import { Ago } from '../parts/ago.tsx';
import { Badge } from '../parts/badge.tsx';
import { Panel } from '../parts/panel.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { count } from '../words.ts';

type Report = Schemas['ContractReport'];

/** How the contracts of both sides differ, and what recorded answers do against them. */
export function ContractPanel({ migration }: { migration: Migration }) {
  const { name, stage, shadow } = migration;
  const about = JSON.stringify([name, stage, Math.floor(Math.log2((shadow?.compared ?? 0) + 1))]);
  const { answer, refusal } = useAnswer(about, () =>
    answerOf(api.GET('/v1/migrations/{migration}/contract', { params: { path: { migration: name } } })),
  );
  return (
    <Panel title="Contract" aside={answer && <Verdict report={answer} />}>
      <Refusal refusal={refusal} />
      {answer && <Documents report={answer} />}
      {answer && <Recorded recorded={answer.recorded} />}
    </Panel>
  );
}

function Verdict({ report }: { report: Report }) {
  const { documents, recorded } = report;
  if (documents && documents.breaking.length > 0) return <Badge tone="bad">breaking</Badge>;
  const warnings = (documents?.warnings.length ?? 0) + recorded.violations.length;
  if (warnings > 0)
    return <Badge tone="attention">{warnings === 1 ? '1 warning' : `${count(warnings)} warnings`}</Badge>;
  return documents ? <Badge tone="good">kept</Badge> : <Badge tone="plain">no documents</Badge>;
}

function Documents({ report: { documents } }: { report: Report }) {
  if (!documents) return <p class="quiet">There are no two documents to compare.</p>;
  const { breaking, warnings } = documents;
  if (breaking.length + warnings.length === 0) {
    return <p class="quiet">The service promises everything that the monolith promised.</p>;
  }
  return (
    <ul class="plain">
      {breaking.map((line) => (
        <li key={line}>
          <Badge tone="bad">breaking</Badge> {line}
        </li>
      ))}
      {warnings.map((line) => (
        <li key={line}>
          <Badge tone="attention">warning</Badge> {line}
        </li>
      ))}
    </ul>
  );
}

function Recorded({ recorded }: { recorded: Schemas['RecordedAnswers'] }) {
  const { checked, unchecked, violations, unlisted } = recorded;
  return (
    <>
      <p class="quiet">
        {count(checked)} recorded answers were held to their documents
        {unchecked > 0 && `, ${count(unchecked)} more were not looked at`}
        {checked > 0 && violations.length === 0 ? ', and keep them' : ''}.
      </p>
      <ul class="plain">
        {violations.map(({ side, operation, field, problem, count: times, last, example }) => (
          <li key={`${side} ${operation} ${field} ${problem}`}>
            <b data-side={side}>{side}</b> <code>{operation}</code>: <code class="field-name">{field}</code>{' '}
            {problem}{' '}
            <span class="quiet">
              {count(times)} times, last <Ago at={last} />, e.g. <code>{example}</code>
            </span>
          </li>
        ))}
      </ul>
      {unlisted > 0 && <p class="quiet">And {count(unlisted)} times something that is not listed.</p>}
    </>
  );
}
