import { useEffect, useRef, useState } from 'preact/hooks';
import { Refused, type Schemas } from '../client/call.ts';
import { migrationNamed } from '../client/live.ts';
import { phasesOf } from '../facts/change-of-owner.ts';
import { VERB_WORDS, type Verb } from '../facts/stages.ts';
import { Gates } from '../parts/gates.tsx';
import { Icon } from '../parts/icon.tsx';
import { duration } from '../words.ts';

interface Props {
  migration: string;
  verb: Verb;
  phase: 'ordered' | Schemas['MoveOutcome'] | Refused;
  again: () => void;
  close: () => void;
}

/** A move that was ordered: its steps while it runs, and how it ended. */
export function Progress({ migration, verb, phase, again, close }: Props) {
  const end = useRef<HTMLButtonElement>(null);
  const isOver = phase !== 'ordered';
  useEffect(() => end.current?.focus(), [isOver]);
  return (
    <>
      <div class="order-body" aria-live="polite">
        {phase === 'ordered' && <Running migration={migration} />}
        {phase instanceof Refused && <No refusal={phase} />}
        {phase !== 'ordered' && !(phase instanceof Refused) && <How outcome={phase} />}
      </div>
      {isOver && (
        <footer>
          {(phase instanceof Refused || !phase.done) && (
            <button type="button" onClick={again}>
              Look at the plan again
            </button>
          )}
          <button type="button" class="primary" ref={end} onClick={close}>
            Close
          </button>
        </footer>
      )}
      {!isOver && <p class="quiet">{VERB_WORDS[verb]}: closing this window does not stop it.</p>}
    </>
  );
}

function Running({ migration }: { migration: string }) {
  const moving = migrationNamed(migration)?.moving;
  const phases = moving ? phasesOf(moving.phase) : null;
  return (
    <div class="running">
      <p>
        <strong>Under way</strong> <Elapsed />
      </p>
      {phases ? (
        <ol class="phases">
          {phases.map(({ phase, words, state }) => (
            <li key={phase} data-state={state} aria-current={state === 'doing' ? 'step' : undefined}>
              {words}
            </li>
          ))}
        </ol>
      ) : (
        <p class="quiet">{moving?.phase ?? 'The gates are looked at once more, then it begins.'}</p>
      )}
    </div>
  );
}

function Elapsed() {
  const [started] = useState(() => performance.now());
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((performance.now() - started) / 1000), 100);
    return () => clearInterval(timer);
  }, [started]);
  return (
    <span class="quiet" aria-hidden="true">
      for {duration(seconds)}
    </span>
  );
}

function No({ refusal }: { refusal: Refused }) {
  const { title, detail, gates } = refusal.problem;
  return (
    <>
      <div class="waits" data-tone="bad">
        <strong>
          <Icon name="bad" /> {title}
        </strong>
        <p>{detail}</p>
      </div>
      {gates.length > 0 && <Gates gates={gates.filter(({ passed }) => !passed)} />}
    </>
  );
}

function How({ outcome }: { outcome: Schemas['MoveOutcome'] }) {
  const { done, verb, from, to, detail, durationMs, epoch } = outcome;
  const heading = done ? `Done: ${from} → ${to}` : 'It was given up, and everything is as before';
  return (
    <div class="waits" data-tone={done ? 'good' : 'bad'}>
      <strong>
        <Icon name={done ? 'good' : 'bad'} /> {heading}
      </strong>
      {detail !== '' && <p>{detail}</p>}
      <p class="quiet">
        {verb} took {duration(durationMs / 1000)}; epoch {epoch}
      </p>
    </div>
  );
}
