import { migrationNamed, migrations, type Migration } from '../client/live.ts';
import { addressOf } from '../client/place.ts';
import { standingOf } from '../facts/standing.ts';
import { companionsOf } from '../facts/together.ts';
import { Together } from '../parts/together.tsx';
import { Moves, WaitsFor } from './card.tsx';
import { ContractPanel } from './contract.tsx';
import { DifferencesPanel } from './differences.tsx';
import { GatesPanel } from './gates-panel.tsx';
import { JournalPanel } from './journal.tsx';
import { OldAndNewPanel } from './old-and-new.tsx';
import { ReadsPanel } from './reads.tsx';
import { StagePath } from './stage-path.tsx';
import { SyncPanel } from './sync.tsx';
import { VerifyPanel } from './verify.tsx';

/** Everything about one migration. */
export function MigrationView({ name }: { name: string }) {
  const migration = migrationNamed(name);
  if (!migration) return <Unknown name={name} />;
  return (
    <div class="migration">
      <Head migration={migration} />
      <MovesWith migration={migration} />
      <StagePath migration={migration} />
      <div class="wide">
        <div>
          <div class="panels">
            <GatesPanel migration={migration} />
            <ContractPanel migration={migration} />
            <OldAndNewPanel name={name} />
            <ReadsPanel migration={migration} />
            <SyncPanel migration={migration} />
            <VerifyPanel migration={migration} />
          </div>
          <DifferencesPanel migration={migration} />
        </div>
        <JournalPanel migration={migration} />
      </div>
    </div>
  );
}

function Head({ migration }: { migration: Migration }) {
  const { name, service, owner, epoch, reads, writes, routes } = migration;
  return (
    <header class="head">
      <div>
        <h1>{name}</h1>
        <p class="quiet">
          moves to <b>{service}</b> · owner <b data-side={owner}>{owner}</b> · epoch {epoch} · reads: {reads}{' '}
          · writes: {writes} · <a href={addressOf.routesOf(name)}>{routes.length} routes</a>
        </p>
      </div>
      <WaitsFor standing={standingOf(migration)} all />
      <Moves migration={migration} />
    </header>
  );
}

function MovesWith({ migration }: { migration: Migration }) {
  const companions = companionsOf(migration);
  if (companions.length === 0) return null;
  const isApart = companions.some((name) => migrationNamed(name)?.stage !== migration.stage);
  return (
    <div class="moves-with">
      <Together names={migration.together} isApart={isApart} />
      <p>
        {companions.map((name) => (
          <a key={name} href={addressOf.migration(name)}>
            {name} <span class="quiet">{migrationNamed(name)?.stage}</span>
          </a>
        ))}
      </p>
    </div>
  );
}

function Unknown({ name }: { name: string }) {
  const isLoading = migrations.value.length === 0;
  return (
    <section class="empty">
      <h1>{name}</h1>
      <p>
        {isLoading ? 'Waiting for the first status …' : `There is no migration of this name. `}
        {!isLoading && <a href={addressOf.overview}>All migrations</a>}
      </p>
    </section>
  );
}
