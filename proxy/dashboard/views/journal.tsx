import { answerOf, api } from '../client/call.ts';
import type { Migration } from '../stream/changes.ts';
import { useAnswer } from '../client/use-answer.ts';
import { timelineOf, type Moment } from '../facts/timeline.ts';
import { Ago } from '../parts/ago.tsx';
import { Icon } from '../parts/icon.tsx';
import { Panel } from '../parts/panel.tsx';
import { Refusal } from '../parts/refusal.tsx';

/** What was decided about one migration: who, why, and on which evidence. */
export function JournalPanel({ migration }: { migration: Migration }) {
  const { name, stage, epoch, weightSet, moving, verify, sync } = migration;
  const about = JSON.stringify([
    name,
    stage,
    epoch,
    weightSet,
    moving?.phase,
    verify?.repaired,
    sync?.parked,
  ]);
  const { answer, refusal } = useAnswer(about, () =>
    answerOf(api.GET('/v1/journal', { params: { query: { migration: name } } })),
  );
  const moments = timelineOf(answer ?? []);
  return (
    <Panel title="Journal">
      <Refusal refusal={refusal} />
      {answer?.length === 0 && <p class="quiet">Nothing was decided yet.</p>}
      <Timeline moments={moments} />
    </Panel>
  );
}

export function Timeline({ moments, named = false }: { moments: readonly Moment[]; named?: boolean }) {
  return (
    <ol class="timeline">
      {moments.map((moment) => (
        <li key={moment.seq} data-tone={moment.tone}>
          <span class="timeline-mark">
            <Icon name={moment.tone} />
          </span>
          <div>
            <p>
              {named && <b>{moment.migration} </b>}
              <strong>{moment.what}</strong>{' '}
              <span class="quiet">
                <Ago at={moment.at} /> by {moment.who}
              </span>
            </p>
            {moment.why !== null && <p class="why">“{moment.why}”</p>}
            {moment.evidence !== null && (
              <details>
                <summary>Evidence, entry {moment.seq}</summary>
                <pre tabIndex={0}>{moment.evidence}</pre>
                <p class="quiet">
                  epoch {moment.epoch}, hash <code>{moment.hash}</code>
                </p>
              </details>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}
