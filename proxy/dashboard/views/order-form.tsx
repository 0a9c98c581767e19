import { useState } from 'preact/hooks';
import { answerOf, api, Refused, type Schemas } from '../client/call.ts';
import { ordering, type Ordering } from '../client/ordering.ts';
import { placeOrder } from '../client/place-order.ts';
import { actor, mayOrder } from '../client/session.ts';
import { useAnswer } from '../client/use-answer.ts';
import { isComplete, orderOf, type Wishes } from '../facts/wishes.ts';
import { VERB_WORDS } from '../facts/stages.ts';
import { PlanText } from './plan-text.tsx';
import { Progress } from './progress.tsx';
import { WishFields } from './wish-fields.tsx';

type Outcome = Schemas['MoveOutcome'];

const UNDECIDED: Wishes = {
  weight: 10,
  ramp: false,
  override: [],
  keepGuard: false,
  reason: '',
  sure: false,
};

/** Plan, wishes, order and outcome of one move. */
export function OrderForm({ asked }: { asked: Ordering }) {
  const { migration, verb } = asked;
  const [wishes, setWishes] = useState(UNDECIDED);
  const [phase, setPhase] = useState<'asked' | 'ordered' | Outcome | Refused>('asked');
  const { reason: _reason, ...toPlan } = orderOf(verb, wishes);
  const plan = useAnswer(JSON.stringify(toPlan), () =>
    answerOf(api.POST('/v1/migrations/{migration}/plan', { params: { path: { migration } }, body: toPlan })),
  );
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setPhase('ordered');
    setPhase(
      await placeOrder((header) =>
        api.POST('/v1/migrations/{migration}/moves', {
          params: { path: { migration }, header },
          body: orderOf(verb, wishes),
        }),
      ).catch((error: unknown) => {
        if (error instanceof Refused) return error;
        throw error;
      }),
    );
  };
  const close = () => (ordering.value = null);
  if (phase !== 'asked') {
    const again = () => (setPhase('asked'), plan.again());
    return <Progress {...{ migration, verb, phase, again, close }} />;
  }
  const isAllowed = plan.answer?.allowed === true;
  return (
    <form onSubmit={(event) => void submit(event)}>
      <div class="order-body" aria-busy={plan.isAsking}>
        <PlanText plan={plan} wishes={wishes} onWish={setWishes} />
        {mayOrder.value && <WishFields {...{ verb, wishes }} onWish={setWishes} />}
      </div>
      <footer>
        <p class="quiet" role="status">
          {mayOrder.value
            ? verdictOf(plan.answer, plan.isAsking)
            : 'You may look, and not move: an operator may.'}
        </p>
        <button type="button" onClick={close}>
          Not now
        </button>
        <button
          type="submit"
          class={verb === 'retire' ? 'danger' : 'primary'}
          disabled={!mayOrder.value || !isAllowed || !isComplete(verb, wishes, actor.value)}
        >
          {VERB_WORDS[verb]}
        </button>
      </footer>
    </form>
  );
}

function verdictOf(plan: Schemas['Plan'] | null, isAsking: boolean): string {
  if (!plan) return isAsking ? 'Looking at the gates …' : '';
  if (plan.allowed) return 'It could be taken now.';
  const refusing = plan.gates.filter(({ passed, overridden }) => !passed && !overridden).length;
  return refusing === 1 ? 'One gate refuses it.' : `${refusing} gates refuse it.`;
}
