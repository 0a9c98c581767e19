import { Registry } from 'prom-client';
import { counter, gauge, register, type Family, type Sample } from '../data-plane/observe/metrics/family.ts';
import type { Lifecycle, MigrationStatus } from './lifecycle.ts';
import type { SyncStatus } from './sync-status.ts';

/**
 * What the sync of each migration does, in the text format of Prometheus. It is shown here and not by the sync process:
 * control knows it of every sync process and every stage, and verify and drift belong to it. A label is a migration, a
 * side, a table of the configuration, or one of a few words.
 */
export async function renderMetrics(lifecycle: Lifecycle): Promise<string> {
  const migrations = await lifecycle.status();
  const registry = new Registry();
  register(registry, [
    ...streamFamilies(migrations),
    ...troubleFamilies(migrations),
    ...backfillFamilies(migrations),
    ...verifyFamilies(migrations),
  ]);
  return registry.metrics();
}

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

const STATES = ['starting', 'backfill', 'live', 'stalled'] as const;
const EFFECTS = ['stops', 'parks', 'not carried', 'risks'] as const;

function streamFamilies(migrations: readonly MigrationStatus[]): Family[] {
  const each = perSync(migrations);
  return [
    gauge(
      'strangler_sync_state',
      'What a sync is at: 1 for the state that it is in, 0 for the others.',
      each(({ state }) => STATES.map((one) => ({ labels: { state: one }, value: one === state ? 1 : 0 }))),
    ),
    gauge(
      'strangler_sync_lag_seconds',
      'Age of the oldest change that the following side does not have.',
      each(({ lagSeconds }) => one(lagSeconds)),
    ),
    gauge(
      'strangler_sync_lag_changes',
      'Changes that the following side does not have.',
      each(({ lagChanges }) => one(lagChanges)),
    ),
    counter(
      'strangler_sync_changes_total',
      'Changes carried; begins anew with the sync process and with each change of owner.',
      each(({ applied }) => one(applied)),
    ),
    counter(
      'strangler_bus_unreadable_messages_total',
      'Messages of the bus that were no changes and were put aside; begins anew with the sync process.',
      each(({ unreadable }) => one(unreadable)),
    ),
  ];
}

function troubleFamilies(migrations: readonly MigrationStatus[]): Family[] {
  const each = perSync(migrations);
  return [
    gauge(
      'strangler_sync_parked_changes',
      'Changes that the following side refused, or that wait behind one.',
      each(({ parked }) => one(parked)),
    ),
    gauge(
      'strangler_sync_parked_keys',
      'The keys they are of.',
      each(({ parkedKeys }) => one(parkedKeys)),
    ),
    gauge(
      'strangler_schema_drift',
      'Differences of the tables from what they were when the sync began, by what they do to it.',
      each(({ drift }) =>
        EFFECTS.map((effect) => ({
          labels: { effect },
          value: drift.filter((found) => found.effect === effect).length,
        })),
      ),
    ),
    gauge(
      'strangler_slot_retained_bytes',
      'Log that the database of a side keeps for the sync; absent where triggers capture.',
      each((sync) => perSlot(sync, (slot) => slot.retainedBytes)),
    ),
    gauge(
      'strangler_slot_lost',
      '1 when the database gave the log up that the sync needed; absent where triggers capture.',
      each((sync) => perSlot(sync, (slot) => (slot.status === 'lost' ? 1 : 0))),
    ),
  ];
}

/** The owner's slot, and the follower's, which the way back needs. */
function perSlot(
  { from, to, slot, followerSlot }: SyncStatus,
  value: (slot: NonNullable<SyncStatus['slot']>) => number,
): Sample[] {
  return [
    ...(slot ? [{ labels: { side: from }, value: value(slot) }] : []),
    ...(followerSlot ? [{ labels: { side: to }, value: value(followerSlot) }] : []),
  ];
}

function backfillFamilies(migrations: readonly MigrationStatus[]): Family[] {
  const each = perSync(migrations);
  const perTable = (value: (table: SyncStatus['backfill'][number]) => number | null): Sample[] =>
    each(({ backfill }) =>
      backfill.flatMap((table) => {
        const known = value(table);
        return known === null ? [] : [{ labels: { table: table.table }, value: known }];
      }),
    );
  return [
    gauge(
      'strangler_backfill_rows',
      'Existing rows that were copied.',
      perTable(({ rows }) => rows),
    ),
    gauge(
      'strangler_backfill_rows_expected',
      'Rows to be copied, as the database estimates them; absent when it does not.',
      perTable(({ total }) => total),
    ),
    gauge(
      'strangler_backfill_rows_per_second',
      'Rate of the copy; 0 once it is done.',
      perTable(({ done, rowsPerSecond }) => (done ? 0 : rowsPerSecond)),
    ),
    gauge(
      'strangler_backfill_seconds_left',
      'Time that the copy will take still; absent when that is not known.',
      perTable(({ done, secondsLeft }) => (done ? 0 : secondsLeft)),
    ),
    gauge(
      'strangler_backfill_done',
      '1 when all is copied.',
      perTable(({ done }) => (done ? 1 : 0)),
    ),
  ];
}

function verifyFamilies(migrations: readonly MigrationStatus[]): Family[] {
  const each = (value: (verify: NonNullable<MigrationStatus['verify']>) => number): Sample[] =>
    migrations.flatMap(({ name, verify }) =>
      verify ? [{ labels: { migration: name }, value: value(verify) }] : [],
    );
  return [
    gauge(
      'strangler_verify_running',
      '1 while both sides are compared.',
      each(({ state }) => (state === 'running' ? 1 : 0)),
    ),
    gauge(
      'strangler_verify_rows',
      'Rows that the newest comparison has looked at.',
      each(({ rowsCompared }) => rowsCompared),
    ),
    gauge(
      'strangler_verify_differences',
      'Rows that it found to differ and that are not mended.',
      each(({ differences, repaired }) => differences - repaired),
    ),
    gauge(
      'strangler_verify_timestamp_seconds',
      'When it began or last reported.',
      each(({ at }) => Date.parse(at) / 1000),
    ),
  ];
}

const one = (value: number): Sample[] => [{ labels: {}, value }];

/** Every series of a sync says of which migration it is, and which side it comes from. */
function perSync(migrations: readonly MigrationStatus[]): (of: (sync: SyncStatus) => Sample[]) => Sample[] {
  return (of) =>
    migrations.flatMap(({ name, sync }) =>
      sync
        ? of(sync).map(({ labels, value }) => ({
            labels: { migration: name, from: sync.from, ...labels },
            value,
          }))
        : [],
    );
}
