import { useState } from 'preact/hooks';
import { api, type Schemas } from '../client/call.ts';
import { actor, mayOrder } from '../client/session.ts';
import { useOrder } from '../client/use-order.ts';
import { canBeIgnored } from '../facts/ignoring.ts';
import { Ago } from '../parts/ago.tsx';
import { Badge } from '../parts/badge.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { WhoField } from './wish-fields.tsx';

interface Props {
  migration: string;
  field: string;
  /** Called once it is ordered. */
  done: () => void;
}

/** "Ignore this, because …": an order to every proxy, journaled with who and why. */
export function Ignore({ migration, field, done }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const [{ isUnderWay, refusal }, place] = useOrder();
  if (!canBeIgnored(field)) return null;
  if (!isOpen) {
    return (
      <button type="button" class="small" disabled={!mayOrder.value} onClick={() => setOpen(true)}>
        Ignore this, because …<span class="spoken"> {field}</span>
      </button>
    );
  }
  const submit = (event: Event): void => {
    event.preventDefault();
    place((header) => ordered(migration, header, { path: field, ignored: true, reason }), done);
  };
  const isComplete = reason.trim() !== '' && actor.value.trim() !== '';
  return (
    <form class="ignore" onSubmit={submit}>
      <label class="field">
        <span>
          Ignore <code>{field}</code>, because
        </span>
        <input
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
          maxLength={500}
          required
          autofocus
        />
      </label>
      <WhoField />
      <p class="quiet">
        No proxy compares it from then on, in all operations of {migration}, and the comparison begins anew.
        It stands in the journal, and can be compared again.
      </p>
      <Refusal refusal={refusal} />
      <div class="row">
        <button type="submit" class="primary small" disabled={isUnderWay || !isComplete}>
          Ignore it
        </button>
        <button type="button" class="small" onClick={() => setOpen(false)}>
          Not now
        </button>
      </div>
    </form>
  );
}

/** What is not compared, who says so and why; what was ordered can be compared again. */
export function Ignored({
  migration,
  ignored,
  done,
}: {
  migration: string;
  ignored: Schemas['IgnoredPath'][];
  done: () => void;
}) {
  if (ignored.length === 0) return null;
  return (
    <section class="ignored" aria-labelledby="ignored-title">
      <h3 id="ignored-title">Ignored</h3>
      <ul class="plain">
        {ignored.map((one) => (
          <IgnoredRow key={`${one.from} ${one.path}`} migration={migration} one={one} done={done} />
        ))}
      </ul>
    </section>
  );
}

function IgnoredRow(props: { migration: string; one: Schemas['IgnoredPath']; done: () => void }) {
  const { migration, one, done } = props;
  const { path, reason, from, by, at } = one;
  const [{ isUnderWay, refusal }, place] = useOrder();
  const again = () => place((header) => ordered(migration, header, { path, ignored: false }), done);
  return (
    <li>
      <div>
        <code>{path}</code> because {reason}{' '}
        <span class="quiet">
          {from === 'file' ? (
            <Badge tone="plain">strangler.yaml</Badge>
          ) : (
            <>
              by {by}
              {at && (
                <>
                  , <Ago at={at} />
                </>
              )}
            </>
          )}
        </span>
      </div>
      {from === 'journal' && (
        <button type="button" class="small" disabled={isUnderWay || !mayOrder.value} onClick={again}>
          Compare it again<span class="spoken"> {path}</span>
        </button>
      )}
      <Refusal refusal={refusal} />
    </li>
  );
}

function ordered(migration: string, header: { 'idempotency-key': string }, body: Schemas['IgnoreOrder']) {
  return api.POST('/v1/migrations/{migration}/differences/ignored', {
    params: { path: { migration }, header },
    body,
  });
}
