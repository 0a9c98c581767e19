import { answerOf, api, type Schemas } from '../client/call.ts';
import { journal } from '../client/journal.ts';
import { migrations, steps, type Migration } from '../client/live.ts';
import { addressOf } from '../client/place.ts';
import { mayOrder } from '../client/session.ts';
import { useAnswer } from '../client/use-answer.ts';
import { useOrder } from '../client/use-order.ts';
import { phasesOf } from '../facts/change-of-owner.ts';
import { Phases } from '../parts/phases.tsx';
import { standingOf } from '../facts/standing.ts';
import { timelineOf } from '../facts/timeline.ts';
import { unitsOf, type Unit } from '../facts/together.ts';
import { Ago } from '../parts/ago.tsx';
import { Badge } from '../parts/badge.tsx';
import { Panel } from '../parts/panel.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { Together } from '../parts/together.tsx';
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
  return (
    <div class="moves-view">
      <header class="head">
        <h1>Moves</h1>
      </header>
      <UnderWay about={about} moving={moving} />
      <Panel title="Next and back">
        <ul class="plain ready">
          {unitsOf(all).map((unit) => (
            <Ready key={unit.members[0]?.name} unit={unit} />
          ))}
        </ul>
      </Panel>
      <Panel title="What was decided">
        <Timeline named moments={timelineOf((journal.value ?? []).slice(-NEWEST))} />
      </Panel>
    </div>
  );
}

/** What could be done next with what moves as one. */
function Ready({ unit: { members, isApart } }: { unit: Unit }) {
  const [first] = members;
  if (!first) return null;
  return (
    <li>
      <div>
        <h3>
          {members.map(({ name, stage }, at) => (
            <span key={name}>
              {at > 0 && ' + '}
              <a href={addressOf.migration(name)}>{name}</a>{' '}
              {(isApart || at === members.length - 1) && <span class="quiet">{stage}</span>}
            </span>
          ))}
        </h3>
        {members.length > 1 && <Together names={members.map(({ name }) => name)} isApart={isApart} />}
      </div>
      <WaitsFor standing={standingOf(first)} />
      <Moves migration={first} />
    </li>
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
  const phases = phasesOf(steps.value, move.migration, move.since, now?.phase ?? null);
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
      {phases && <Phases change={phases} />}
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
