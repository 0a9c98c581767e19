import { answerOf, api } from '../client/call.ts';
import type { Migration } from '../stream/changes.ts';
import { useAnswer } from '../client/use-answer.ts';
import { Ago } from '../parts/ago.tsx';
import { Gates } from '../parts/gates.tsx';
import { Panel } from '../parts/panel.tsx';
import { Refusal } from '../parts/refusal.tsx';

/** The gates of the next move, with value and threshold. */
export function GatesPanel({ migration }: { migration: Migration }) {
  const { name, next, moving } = migration;
  if (next === null || moving) {
    const why = moving ? `A ${moving.verb} is under way.` : 'No move is left.';
    return (
      <Panel title="Gates">
        <p class="quiet">{why}</p>
      </Panel>
    );
  }
  return <Looked key={name} migration={migration} />;
}

function Looked({ migration }: { migration: Migration }) {
  const { name, next, stage, epoch, waitsFor } = migration;
  const about = JSON.stringify([name, next, stage, epoch, waitsFor.length]);
  const { answer, at, refusal, isAsking, again } = useAnswer(about, () =>
    answerOf(
      api.POST('/v1/migrations/{migration}/plan', { params: { path: { migration: name } }, body: {} }),
    ),
  );
  const holding = answer?.gates.filter(({ passed }) => passed).length ?? 0;
  return (
    <Panel
      title={`Gates of ${next}`}
      aside={
        <>
          {at > 0 && (
            <span class="quiet">
              looked at <Ago at={at} />
            </span>
          )}
          <button type="button" class="small" disabled={isAsking} onClick={again}>
            {isAsking ? 'Looking …' : 'Look again'}
          </button>
        </>
      }
    >
      <Refusal refusal={refusal} />
      {answer && answer.gates.length > 0 && (
        <p class="quiet">
          {holding} of {answer.gates.length} hold
        </p>
      )}
      {answer && <Gates gates={answer.gates} />}
      {!answer && isAsking && <p class="quiet">Looking …</p>}
    </Panel>
  );
}
