import type { SyncReport } from '../relay/keep-in-step.ts';
import { lagOf } from '../relay/relay.ts';
import type { Capability, SyncedCapability } from './capability.ts';
import { openSynced, streamFrom, tablesOf } from './capability.ts';
import type { MigrationState } from './fold.ts';
import type { Evidence } from './gates.ts';
import { proveReverse } from './prove-reverse.ts';
import type { ShadowCounts } from './shadow-verdict.ts';
import type { Verb } from './stages.ts';
import { changesOwner, isSynced } from './stages.ts';
import type { Report } from './store.ts';

/** What the control process keeps about the last verify of a migration. */
export interface VerifyRecord {
  state: 'running' | 'done' | 'failed';
  epoch: number;
  owner: 'monolith' | 'service';
  at: string;
  rowsCompared: number;
  rowsTotal: number | null;
  rowsPerSecond: number;
  differences: number;
  unsettled: number;
  repaired: number;
  details: string[];
}

/** Looks at everything that the gates of a move want to know, and at nothing that they do not. */
export async function gatherEvidence(
  capability: Capability,
  state: MigrationState,
  verb: Verb,
  known: { reports: ReadonlyMap<string, Report>; shadow: ShadowCounts | null; rehearse: boolean },
): Promise<Evidence> {
  const { reports, shadow, rehearse } = known;
  const evidence: Evidence = {
    unreachable: await capability.probe(),
    occupied: [],
    backfill: null,
    lag: null,
    parked: null,
    verify: verifyEvidence(reports.get(`verify:${state.migration}`)?.value, state),
    shadow,
    contract: verb === 'cutover' ? await capability.compareContracts() : null,
    reverse: null,
  };
  // Never to be reached again within this look: the gate on health says so.
  if (evidence.unreachable.length > 0 && verb !== 'rollback') return evidence;
  return { ...evidence, ...(await dataEvidence(capability, state, verb, reports, rehearse)) };
}

async function dataEvidence(
  capability: Capability,
  state: MigrationState,
  verb: Verb,
  reports: ReadonlyMap<string, Report>,
  rehearse: boolean,
): Promise<Partial<Evidence>> {
  const synced = await openSynced(capability);
  if (!synced) return {};
  if (verb === 'sync') return { occupied: await occupied(synced) };
  if (!isSynced(state.stage)) return {};
  const stream = streamFrom(synced, state.owner, state.epoch);
  const [lag, progress] = await Promise.all([lagOf(stream), stream.target.progress(state.migration)]);
  const report = reports.get(`sync:${state.migration}`)?.value as SyncReport | undefined;
  return {
    lag,
    parked: progress.parked,
    backfill: state.owner === 'monolith' ? backfillEvidence(synced, progress.backfill, report) : null,
    reverse:
      rehearse && changesOwner(verb, state.stage)
        ? await proveReverse(synced, state.owner, state.epoch)
        : null,
  };
}

async function occupied(synced: SyncedCapability): Promise<string[]> {
  const tables = tablesOf(synced, 'service');
  const full = await Promise.all(tables.map((table) => synced.databases.service.hasRows(table)));
  return tables.filter((_, i) => full[i]);
}

function backfillEvidence(
  synced: SyncedCapability,
  cursors: ReadonlyMap<string, { done: boolean; rows: number }>,
  report: SyncReport | undefined,
): Evidence['backfill'] {
  const open = tablesOf(synced, 'monolith').filter((table) => cursors.get(table)?.done !== true);
  if (open.length === 0) return { done: true, detail: 'done' };
  const detail = open.map((table) => `${table} at ${cursors.get(table)?.rows ?? 0} rows`).join(', ');
  return { done: false, detail: report?.detail ? `${detail} (${report.detail})` : detail };
}

/** A verify from before the last change of owner says nothing about the side that follows now. */
function verifyEvidence(value: unknown, state: MigrationState): Evidence['verify'] {
  const record = value as VerifyRecord | undefined;
  if (record?.state !== 'done' || record.epoch !== state.epoch || record.owner !== state.owner) return null;
  return {
    at: record.at,
    ageMinutes: (Date.now() - Date.parse(record.at)) / 60_000,
    differences: record.differences - record.repaired,
    unsettled: record.unsettled,
    rows: record.rowsCompared,
    owner: record.owner,
  };
}
