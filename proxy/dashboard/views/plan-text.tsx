import type { Schemas } from '../client/call.ts';
import type { Asked } from '../client/use-answer.ts';
import type { Wishes } from '../facts/wishes.ts';
import { Ago } from '../parts/ago.tsx';
import { Gates } from '../parts/gates.tsx';
import { Icon } from '../parts/icon.tsx';

interface Props {
  plan: Asked<Schemas['Plan']>;
  wishes: Wishes;
  onWish: (wishes: Wishes) => void;
}

/** What a move would do, who waits for it, what going back would cost, and whether its gates hold. */
export function PlanText({ plan, wishes, onWish }: Props) {
  const { answer, refusal, at, isAsking, again } = plan;
  if (refusal) {
    return (
      <div class="waits" data-tone="bad" role="alert">
        <strong>
          <Icon name="bad" /> {refusal.problem.title}
        </strong>
        <p>{refusal.message}</p>
      </div>
    );
  }
  if (!answer) return <p class="quiet">Looking at what it would do …</p>;
  const override = (gate: string, isOverridden: boolean) =>
    onWish({
      ...wishes,
      override: isOverridden ? [...wishes.override, gate] : wishes.override.filter((one) => one !== gate),
    });
  return (
    <>
      <p class="from-to">
        <b>{answer.from}</b> <Icon name={answer.verb === 'rollback' ? 'back' : 'next'} /> <b>{answer.to}</b>
      </p>
      <div class="plan">
        <section aria-labelledby="plan-steps">
          <h3 id="plan-steps">What it does</h3>
          <ol class="steps">
            {answer.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
          <h3>Who waits</h3>
          {answer.waits.length === 0 && <p>Nobody.</p>}
          {answer.waits.map((wait) => (
            <p key={wait}>{wait}</p>
          ))}
          <h3>Going back costs</h3>
          <p>{answer.rollbackCost}</p>
        </section>
        <section aria-labelledby="plan-gates">
          <h3 id="plan-gates">
            Gates{' '}
            <span class="quiet">
              looked at <Ago at={at} />
            </span>
          </h3>
          <Gates gates={answer.gates} overridden={new Set(wishes.override)} onOverride={override} />
          <button type="button" class="small" disabled={isAsking} onClick={again}>
            {isAsking ? 'Looking …' : 'Look again'}
          </button>
        </section>
      </div>
    </>
  );
}
