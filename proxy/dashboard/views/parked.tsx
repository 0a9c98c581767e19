import { useState } from 'preact/hooks';
import { answerOf, api, type Schemas } from '../client/call.ts';
import { mayOrder } from '../client/session.ts';
import { useAnswer } from '../client/use-answer.ts';
import { useOrder } from '../client/use-order.ts';
import { Ago } from '../parts/ago.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { count } from '../words.ts';

interface Props {
  migration: string;
  parked: number;
  keys: number;
}

/** Changes that the following side refused, by key, and the way to try them again. */
export function Parked({ migration, parked, keys }: Props) {
  const [said, setSaid] = useState('');
  const { answer, refusal, again } = useAnswer(`${migration} ${parked} ${keys}`, () =>
    answerOf(
      api.GET('/v1/migrations/{migration}/parked', { params: { path: { migration }, query: { limit: 20 } } }),
    ),
  );
  const [order, place] = useOrder();
  const retry = (key?: Schemas['ParkedKey']) => {
    setSaid('');
    place(
      (header) =>
        api.POST('/v1/migrations/{migration}/parked/retries', {
          params: { path: { migration }, header },
          body: key ? { table: key.table, key: key.key } : {},
        }),
      (outcome: Schemas['RetryOutcome']) => (setSaid(outcomeOf(outcome)), again()),
    );
  };
  const isOff = order.isUnderWay || !mayOrder.value;
  return (
    <section aria-labelledby="parked-title">
      <h3 id="parked-title">
        {count(parked)} parked {parked === 1 ? 'change' : 'changes'} of {count(keys)}{' '}
        {keys === 1 ? 'key' : 'keys'}
      </h3>
      <Refusal refusal={order.refusal ?? refusal} />
      <ul class="plain parked">
        {answer?.parked.map((key) => (
          <li key={`${key.table} ${key.key}`}>
            <div>
              <code>
                {key.table} {key.key}
              </code>{' '}
              <span class="quiet">
                {key.operation}, parked <Ago at={key.since} />, tried {count(key.tries)} times
                {key.waiting > 0 && `, ${count(key.waiting)} behind it`}
              </span>
              <p>{key.reason}</p>
            </div>
            <button type="button" class="small" disabled={isOff} onClick={() => retry(key)}>
              Try again
              <span class="spoken">
                {' '}
                {key.table} {key.key}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <div class="row">
        {keys > 1 && (
          <button type="button" class="small" disabled={isOff} onClick={() => retry()}>
            Try the first hundred again
          </button>
        )}
        <span class="quiet" role="status">
          {said}
        </span>
      </div>
    </section>
  );
}

function outcomeOf({ tried }: Schemas['RetryOutcome']): string {
  const applied = tried.filter((one) => one.applied).length;
  const stuck = tried.find((one) => !one.applied);
  const rest = stuck ? ` Still parked: ${stuck.reason ?? 'no reason was given'}` : '';
  return `${count(applied)} of ${count(tried.length)} applied.${rest}`;
}
