import { computed } from '@preact/signals';
import { answerOf, api } from '../client/call.ts';
import { migrations } from '../client/live.ts';
import { useAnswer } from '../client/use-answer.ts';
import { historyOf } from '../facts/history.ts';
import { takeoverOf } from '../facts/takeover.ts';
import { count, percent } from '../words.ts';
import { Fig } from '../parts/fig.tsx';
import { MigrationCard } from './card.tsx';
import { Growth } from './growth.tsx';

const takeover = computed(() => takeoverOf(migrations.value));

/** How far it has come, and what each migration waits for. */
export function Overview() {
  const all = migrations.value;
  const { routes, writes } = takeover.value;
  const about = JSON.stringify(all.map(({ name, stage, weightSet }) => [name, stage, weightSet]));
  const journal = useAnswer(about, () => answerOf(api.GET('/v1/journal'))).answer;
  if (all.length === 0) return <Nothing />;
  const history = journal && historyOf(all, journal, Date.now());
  const words = `A fig over its tree. ${inWords('routes', routes.percent)}, ${inWords('writes', writes.percent)}.`;
  return (
    <div class="overview">
      <section class="growth" aria-labelledby="growth-title">
        <div class="growth-tree">
          <Fig requests={null} routes={routes.percent} writes={writes.percent} words={words} />
        </div>
        <Growth {...{ routes, writes, history }} />
      </section>
      <section aria-labelledby="migrations-title">
        <h2 id="migrations-title">
          {count(all.length)} {all.length === 1 ? 'migration' : 'migrations'}
        </h2>
        <ul class="cards">
          {all.map((migration) => (
            <MigrationCard key={migration.name} migration={migration} />
          ))}
        </ul>
      </section>
    </div>
  );
}

function inWords(what: string, share: number | null): string {
  return share === null ? `no ${what} yet` : `${percent(share)} of the ${what} taken over`;
}

function Nothing() {
  return (
    <section class="empty">
      <h1>Nothing to move yet</h1>
      <p>
        No migration is configured. Add one under <code>migrations</code> in <code>strangler.yaml</code>; it
        shows here as soon as the file is saved.
      </p>
    </section>
  );
}
