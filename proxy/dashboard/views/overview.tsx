import { computed } from '@preact/signals';
import { answerOf, api } from '../client/call.ts';
import { fresh, migrations } from '../client/live.ts';
import { useRepeatedly } from '../client/use-repeatedly.ts';
import { latelyAsked } from '../facts/progress.ts';
import { takeoverOf } from '../facts/takeover.ts';
import { unitsOf } from '../facts/together.ts';
import { Fig } from '../parts/fig.tsx';
import { Together } from '../parts/together.tsx';
import { count, percent } from '../words.ts';
import { MigrationCard } from './card.tsx';
import { Growth } from './growth.tsx';

const takeover = computed(() => takeoverOf(migrations.value));
/** More points than a chart has pixels say nothing. */
const POINTS = 300;
const EVERY_MS = 15_000;

/** How far it has come, and what each migration waits for. */
export function Overview() {
  const all = migrations.value;
  if (all.length > 0) return <Grown />;
  return fresh.value.state === 'fresh' ? <Nothing /> : <p class="empty">Waiting for the first status …</p>;
}

function Grown() {
  const all = migrations.value;
  const { routes, writes } = takeover.value;
  const about = JSON.stringify(all.map(({ name, stage, weightSet }) => [name, stage, weightSet]));
  const { answer } = useRepeatedly(about, EVERY_MS, () =>
    answerOf(api.GET('/v1/progress', { params: { query: { points: POINTS } } })),
  );
  const points = answer?.points ?? null;
  const shares = {
    requests: (points && latelyAsked(points, 'requests')?.percent) ?? null,
    routes: routes.percent,
    writes: (points && latelyAsked(points, 'writes')?.percent) ?? writes.percent,
  };
  const words = Object.entries(shares).map(([what, share]) => inWords(what, share));
  return (
    <div class="overview">
      <section class="growth" aria-labelledby="growth-title">
        <div class="growth-tree">
          <Fig {...shares} words={`A fig over its tree: ${words.join(', ')}.`} />
        </div>
        <Growth {...{ routes, writes, points }} />
      </section>
      <section aria-labelledby="migrations-title">
        <h2 id="migrations-title">
          {count(all.length)} {all.length === 1 ? 'migration' : 'migrations'}
        </h2>
        <ul class="cards">
          {unitsOf(all).map(({ members, isApart }) => {
            const [first] = members;
            if (!first || members.length === 1)
              return first && <MigrationCard key={first.name} migration={first} />;
            return (
              <li key={first.name} class="unit" data-size={members.length > 2 ? 'all' : 'two'}>
                <Together names={members.map(({ name }) => name)} isApart={isApart} />
                <ul class="cards">
                  {members.map((migration) => (
                    <MigrationCard key={migration.name} migration={migration} />
                  ))}
                </ul>
              </li>
            );
          })}
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
