import { useState } from 'preact/hooks';
import { answerOf, api } from '../client/call.ts';
import { journal } from '../client/journal.ts';
import type { Migration } from '../stream/changes.ts';
import { useAnswer } from '../client/use-answer.ts';
import { timelineOf, type Moment } from '../facts/timeline.ts';
import { Ago } from '../parts/ago.tsx';
import { Icon } from '../parts/icon.tsx';
import { Panel } from '../parts/panel.tsx';
import { Refusal } from '../parts/refusal.tsx';

const SHOWN = 30;

/** What was decided about one migration: who, why, and on which evidence. */
export function JournalPanel({ migration }: { migration: Migration }) {
  const { name } = migration;
  const [isAll, setAll] = useState(false);
  const mine = (journal.value ?? []).filter((entry) => entry.migration === name);
  const older = useAnswer(isAll ? name : '', async () =>
    isAll ? answerOf(api.GET('/v1/journal', { params: { query: { migration: name } } })) : null,
  );
  const known = new Set(mine.map(({ seq }) => seq));
  const entries = [...(older.answer ?? []).filter(({ seq }) => !known.has(seq)), ...mine];
  return (
    <Panel title="Journal">
      <Refusal refusal={older.refusal} />
      {journal.value !== null && entries.length === 0 && <p class="quiet">Nothing was decided yet.</p>}
      <Timeline moments={timelineOf(isAll ? entries : entries.slice(-SHOWN))} />
      {!isAll && entries.length > 0 && (
        <button type="button" class="small" onClick={() => setAll(true)}>
          Show all of it
        </button>
      )}
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
