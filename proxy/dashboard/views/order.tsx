import { useEffect, useRef } from 'preact/hooks';
import { migrationNamed, migrations } from '../client/live.ts';
import { ordering } from '../client/ordering.ts';
import { VERB_WORDS, type Verb } from '../facts/stages.ts';
import { unitsOf } from '../facts/together.ts';
import { Icon } from '../parts/icon.tsx';
import { Together } from '../parts/together.tsx';
import { list } from '../words.ts';
import { OrderForm } from './order-form.tsx';

/** The plan of a move, and the question whether to take it; over whatever view is open. */
export function OrderDialog() {
  const asked = ordering.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = asked !== null;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} class="order" aria-labelledby="order-title" onClose={() => (ordering.value = null)}>
      {asked && (
        <>
          <header>
            <h2 id="order-title">
              {VERB_WORDS[asked.verb]}: {list(togetherOf(asked.migration))}
            </h2>
            <button type="button" class="bare" onClick={() => (ordering.value = null)}>
              <Icon name="bad" />
              <span class="spoken">Close</span>
            </button>
          </header>
          {togetherOf(asked.migration).length > 1 && <Together names={togetherOf(asked.migration)} />}
          {asked.verb === 'rollback' && <Others chosen={asked.migration} />}
          <OrderForm key={`${asked.migration} ${asked.verb}`} asked={asked} />
        </>
      )}
    </dialog>
  );
}

/** All that a move of this one moves. */
function togetherOf(migration: string): readonly string[] {
  return migrationNamed(migration)?.together ?? [migration];
}

/** Which of several migrations to roll back. */
function Others({ chosen }: { chosen: string }) {
  const able = unitsOf(migrations.value)
    .filter(({ members }) => members.some(({ back, name }) => back === 'rollback' || name === chosen))
    .flatMap(({ members }) => members.find(({ name }) => name === chosen) ?? members.slice(0, 1));
  if (able.length < 2) return null;
  const choose = (migration: string) => (ordering.value = { migration, verb: 'rollback' satisfies Verb });
  return (
    <label class="field">
      Migration
      <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
        {able.map(({ name, stage, together }) => (
          <option key={name} value={name}>
            {list(together)} ({stage})
          </option>
        ))}
      </select>
    </label>
  );
}
