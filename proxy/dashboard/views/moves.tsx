import { answerOf, api, type Schemas } from '../client/call.ts';
import { migrations, type Migration } from '../client/live.ts';
import { addressOf } from '../client/place.ts';
import { mayOrder } from '../client/session.ts';
import { useAnswer } from '../client/use-answer.ts';
import { useOrder } from '../client/use-order.ts';
import { phasesOf } from '../facts/change-of-owner.ts';
import { standingOf } from '../facts/standing.ts';
import { timelineOf } from '../facts/timeline.ts';
import { Ago } from '../parts/ago.tsx';
import { Badge } from '../parts/badge.tsx';
import { Panel } from '../parts/panel.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { Moves, WaitsFor } from './card.tsx';
import { Timeline } from './journal.tsx';

const NEWEST = 50;

/** What is under way, what could be done next, and what was done. */
export function MovesView() {
  const all = migrations.value;
  const moving = all.filter((one) => one.moving !== null);
  const about = JSON.stringify(
    all.map(({ name, stage, epoch, weightSet, moving }) => [name, stage, epoch, weightSet, moving]),
  );
  const journal = useAnswer(about, () => answerOf(api.GET('/v1/journal')));
  return (
    <div class="moves-view">
      <header class="head">
        <h1>Moves</h1>
      </header>
      <UnderWay about={about} moving={moving} />
      <Panel title="Next and back">
        <ul class="plain ready">
          {all.map((migration) => (
            <li key={migration.name}>
              <h3>
                <a href={addressOf.migration(migration.name)}>{migration.name}</a>{' '}
                <span class="quiet">{migration.stage}</span>
              </h3>
              <WaitsFor standing={standingOf(migration)} />
              <Moves migration={migration} />
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="What was decided">
        <Refusal refusal={journal.refusal} />
        <Timeline named moments={timelineOf(journal.answer ?? []).slice(0, NEWEST)} />
      </Panel>
    </div>
  );
}

function UnderWay({ about, moving }: { about: string; moving: readonly Migration[] }) {
  const { answer, refusal, again } = useAnswer(about, () => answerOf(api.GET('/v1/moves')));
  const open = answer ?? [];
  return (
    <Panel title="Under way">
      <Refusal refusal={refusal} />
      {open.length === 0 && moving.length === 0 && <p class="quiet">No move is under way.</p>}
      <ul class="plain">
        {open.map((move) => (
          <OpenMove key={move.migration} move={move} again={again} />
        ))}
      </ul>
    </Panel>
  );
}

function OpenMove({ move, again }: { move: Schemas['MoveUnderWay']; again: () => void }) {
  const [{ isUnderWay, refusal }, place] = useOrder();
  const now = migrations.value.find(({ name }) => name === move.migration)?.moving;
  const phases = now ? phasesOf(now.phase) : null;
  const abort = () =>
    place(
      (header) =>
        api.POST('/v1/migrations/{migration}/abort', {
          params: { path: { migration: move.migration }, header },
          body: { reason: 'given up on the page' },
        }),
      again,
    );
  const resume = () => place((header) => api.POST('/v1/resume', { params: { header }, body: {} }), again);
  const isOff = isUnderWay || !mayOrder.value;
  return (
    <li>
      <h3>
        {move.verb} of <a href={addressOf.migration(move.migration)}>{move.migration}</a>{' '}
        <Badge tone={move.isRunning ? 'attention' : 'bad'}>{move.isRunning ? move.phase : 'cut off'}</Badge>
      </h3>
      <p class="quiet">
        begun <Ago at={move.since} /> by {move.by}. Next: {move.next}
      </p>
      {phases && (
        <ol class="phases">
          {phases.map(({ phase, words, state }) => (
            <li key={phase} data-state={state} aria-current={state === 'doing' ? 'step' : undefined}>
              {words}
            </li>
          ))}
        </ol>
      )}
      <div class="row">
        <button type="button" class="small" disabled={isOff} onClick={abort}>
          Give it up
        </button>
        {!move.isRunning && (
          <button type="button" class="small" disabled={isOff} onClick={resume}>
            Take the next step
          </button>
        )}
      </div>
      <Refusal refusal={refusal} />
    </li>
  );
}
