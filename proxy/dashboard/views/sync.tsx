import { api } from '../client/call.ts';
import type { Migration } from '../stream/changes.ts';
import { mayOrder } from '../client/session.ts';
import { useOrder } from '../client/use-order.ts';
import { lagOf } from '../facts/standing.ts';
import { Ago } from '../parts/ago.tsx';
import { Badge } from '../parts/badge.tsx';
import { Meter } from '../parts/meter.tsx';
import { Panel } from '../parts/panel.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { backfillInWords, count } from '../words.ts';
import { Parked } from './parked.tsx';

type Sync = NonNullable<Migration['sync']>;

/** How the other database follows: lag, throughput, backfill, and what it refused. */
export function SyncPanel({ migration }: { migration: Migration }) {
  const { sync, name } = migration;
  if (!sync) {
    return (
      <Panel title="Sync">
        <p class="quiet">Nothing is carried at this stage.</p>
      </Panel>
    );
  }
  return (
    <Panel
      title="Sync"
      aside={
        <span class="quiet">
          reported <Ago at={sync.reportedAt} />
        </span>
      }
    >
      <p>
        <b data-side={sync.from}>{sync.from}</b> → <b data-side={sync.to}>{sync.to}</b>{' '}
        <Badge tone={lagOf(migration).tone}>{sync.state}</Badge>
      </p>
      {sync.detail !== '' && <p class="quiet">{sync.detail}</p>}
      <Figures sync={sync} />
      {sync.backfill.length > 0 && <Backfill name={name} sync={sync} />}
      {sync.parked > 0 && <Parked migration={name} parked={sync.parked} keys={sync.parkedKeys} />}
      {sync.drift.length > 0 && <Drift sync={sync} />}
      <Slots sync={sync} />
    </Panel>
  );
}

function Figures({ sync }: { sync: Sync }) {
  const { lagSeconds, lagChanges, changesPerSecond, applied, unreadable } = sync;
  const figures: [string, string][] = [
    ['Lag', `${Number(lagSeconds.toFixed(1))} s`],
    ['Waiting', `${count(lagChanges)} changes`],
    ['Throughput', `${Number(changesPerSecond.toFixed(1))} changes/s`],
    ['Carried', count(applied)],
    ...(unreadable > 0 ? [['Unreadable', count(unreadable)] as [string, string]] : []),
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Backfill({ name, sync }: { name: string; sync: Sync }) {
  const isDone = sync.backfill.every(({ done }) => done);
  return (
    <section aria-labelledby="backfill-title">
      <h3 id="backfill-title">Backfill</h3>
      <ul class="plain">
        {sync.backfill.map((table) => (
          <li key={table.table}>
            <span>{backfillInWords(table)}</span>
            {!table.done && <Meter value={table.rows} total={table.total} words={backfillInWords(table)} />}
          </li>
        ))}
      </ul>
      {!isDone && <Hold name={name} isHeld={sync.backfillHeld !== null} />}
    </section>
  );
}

function Hold({ name, isHeld }: { name: string; isHeld: boolean }) {
  const [{ isUnderWay, refusal }, place] = useOrder();
  const hold = () =>
    place((header) =>
      api.POST('/v1/migrations/{migration}/backfill', {
        params: { path: { migration: name }, header },
        body: { paused: !isHeld },
      }),
    );
  return (
    <>
      <button type="button" class="small" disabled={isUnderWay || !mayOrder.value} onClick={hold}>
        {isHeld ? 'Let the copy go on' : 'Hold the copy'}
      </button>
      <Refusal refusal={refusal} />
    </>
  );
}

function Drift({ sync }: { sync: Sync }) {
  return (
    <section aria-labelledby="drift-title">
      <h3 id="drift-title">Tables that were changed since the sync began</h3>
      <ul class="plain">
        {sync.drift.map(({ side, table, column, effect, message, advice }) => (
          <li key={`${side} ${table} ${column}`}>
            <Badge tone={effect === 'stops' || effect === 'parks' ? 'bad' : 'attention'}>{effect}</Badge>{' '}
            <code>
              {side} {table}
              {column === null ? '' : `.${column}`}
            </code>
            : {message}. <span class="quiet">{advice}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Slots({ sync }: { sync: Sync }) {
  const slots = [sync.slot, sync.followerSlot].filter((slot) => slot !== null);
  return (
    <>
      {slots.map(({ slot, status, retainedBytes, detail }) => (
        <p key={slot}>
          <Badge tone={status === 'reserved' ? 'good' : 'attention'}>{status}</Badge> slot <code>{slot}</code>{' '}
          <span class="quiet">
            keeps {count(retainedBytes / 1_048_576)} MiB of the log. {detail}
          </span>
        </p>
      ))}
    </>
  );
}
