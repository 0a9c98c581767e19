import type { Finding } from '../databases/finding.ts';
import { NotInstalledError } from '../databases/errors.ts';
import { driftOf } from '../drift/compare.ts';
import type { KeptShape } from '../drift/shape.ts';
import { readShape } from '../drift/shape.ts';
import { lookForVanished } from '../drift/vanished.ts';
import type { EntryReport } from '../verify/report.ts';
import type { SyncReport } from '../relay/keep-in-step.ts';
import { lagOf } from '../relay/relay.ts';
import type { Capability, SyncedCapability } from './capability.ts';
import { examine } from './examine.ts';
import { openSynced, streamFrom } from './capability.ts';
import type { MigrationState } from './fold.ts';
import type { Evidence } from './gates.ts';
import type { Precedence } from './precedence.ts';
import { proveReverse } from './prove-reverse.ts';
import type { QuietRecord } from './quiet.ts';
import { QUIET, quietEvidence } from './quiet.ts';
import type { ShadowCounts } from './shadow-verdict.ts';
import type { Verb } from './stages.ts';
import { changesOwner, isSynced } from './stages.ts';
import type { Report } from './store.ts';
import type { WritersRecord } from './writers.ts';
import { WRITERS } from './writers.ts';

/** What the control process keeps about the last verify of a migration. */
export interface VerifyRecord {
  state: 'running' | 'done' | 'failed';
  epoch: number;
  owner: 'monolith' | 'service';
  /** Rows were mapped there and back, and not compared with the follower's: no evidence for a gate. */
  roundTrip?: true;
  at: string;
  rowsCompared: number;
  rowsTotal: number | null;
  rowsPerSecond: number;
  differences: number;
  /** Still changing when they were looked at: neither equal nor different. */
  unsettled: number;
  /** Waiting for a change that is parked. */
  parked: number;
  repaired: number;
  seconds: number;
  entries: EntryReport[];
  /** Columns without a counterpart: not compared. */
  unmapped: string[];
  details: string[];
  /** What the comparison before this one came to, as long as this one says nothing else. */
  before?: Compared;
}

/** What counts of a comparison that has ended. */
export type Compared = Pick<
  VerifyRecord,
  'epoch' | 'owner' | 'at' | 'rowsCompared' | 'differences' | 'repaired' | 'unsettled'
>;

/** What is known without asking the databases. */
export interface Known {
  reports: ReadonlyMap<string, Report>;
  shadow: ShadowCounts | null;
  /** What recorded answers do against their contracts, each in one line. */
  recorded?: string[];
  /** What the tables looked like when the sync began; null before it did. */
  shape: KeptShape | null;
  /** Whether the way back is to be tried on real rows. */
  rehearse: boolean;
  /** Somebody overrides that an application is away: what else there is to know is looked at all the same. */
  regardlessOfHealth?: boolean;
  precedence?: Precedence;
  /** By the store's clock, as its records are. */
  now: number;
}

/** Looks at everything that the gates of a move want to know, and at nothing that they do not. */
export async function gatherEvidence(
  capability: Capability,
  state: MigrationState,
  verb: Verb,
  known: Known,
): Promise<Evidence> {
  const { reports, shadow } = known;
  const evidence: Evidence = {
    now: known.now,
    unreachable: await capability.probe(),
    occupied: [],
    unfit: [],
    backfill: null,
    lag: null,
    parked: null,
    drift: null,
    verify: verifyEvidence(reports.get(`verify:${state.migration}`)?.value, state, known.now),
    shadow,
    contract:
      verb === 'cutover'
        ? { documents: await capability.compareContracts(), recorded: known.recorded ?? [] }
        : null,
    reverse: null,
    writers: (reports.get(WRITERS + state.migration)?.value as WritersRecord | undefined) ?? null,
    ...(known.precedence && { precedence: known.precedence }),
    quiet: verb === 'retire' ? quietOf(reports, state, known.now) : null,
  };
  // Never to be reached again within this look: the gate on health says so.
  const isOver = evidence.unreachable.length > 0 && !known.regardlessOfHealth;
  if (isOver && verb !== 'rollback') return evidence;
  return { ...evidence, ...(await dataEvidence(capability, state, verb, known)) };
}

async function dataEvidence(
  capability: Capability,
  state: MigrationState,
  verb: Verb,
  { reports, rehearse, shape }: Known,
): Promise<Partial<Evidence>> {
  const synced = await openSynced(capability, state.stage);
  if (!synced) return {};
  if (verb === 'sync') return { occupied: await occupied(synced), unfit: await unfit(capability) };
  if (!isSynced(state.stage)) return {};
  const stream = streamFrom(synced, state.owner, state.epoch);
  const found = await Promise.all([lagOf(stream), stream.target.progress(state.migration)]).catch(
    (error: unknown) => unlessRetiring(error, verb),
  );
  if (found === null) return {};
  const [lag, progress] = found;
  // The sync process keeps the shape before it carries anything.
  const changed = shape ? driftOf(shape, await readShape(synced)) : [];
  const canLook = verb !== 'rollback' && changed.every(({ effect }) => effect !== 'stops');
  const vanished = canLook ? (await lookForVanished(stream, state.owner)).found : [];
  const report = reports.get(`sync:${state.migration}`)?.value as SyncReport | undefined;
  return {
    lag,
    parked: progress.parked,
    drift: [...changed, ...vanished],
    backfill: state.owner === 'monolith' ? backfillEvidence(synced, progress.backfill, report) : null,
    reverse:
      rehearse && changesOwner(verb, state.stage)
        ? await proveReverse(synced, state.owner, state.epoch)
        : null,
  };
}

/** A retiring that was cut off has removed what would say more; it can be ordered again by whoever knows that. */
function unlessRetiring(error: unknown, verb: Verb): null {
  if (verb === 'retire' && error instanceof NotInstalledError) return null;
  throw error;
}

function quietOf(reports: Known['reports'], { migration, epoch }: MigrationState, now: number) {
  return quietEvidence(reports.get(QUIET + migration)?.value as QuietRecord | undefined, epoch, now);
}

async function unfit(capability: Capability): Promise<Finding[]> {
  return (await examine(capability)).filter(({ severity }) => severity === 'error');
}

async function occupied(synced: SyncedCapability): Promise<string[]> {
  const tables = synced.tables.service;
  // Of a table that is moved in slices, the other ones' rows are there rightly.
  const sliceOf = new Map(synced.mapping.toMonolith.captured.map(({ name, slice }) => [name, slice]));
  const full = await Promise.all(
    tables.map((table) => {
      const slice = sliceOf.get(table);
      const only = slice ? [{ column: slice.column, not: false, values: new Set(slice.values) }] : [];
      return synced.databases.service.hasRows(table, only);
    }),
  );
  return tables.filter((_, i) => full[i]);
}

function backfillEvidence(
  synced: SyncedCapability,
  cursors: ReadonlyMap<string, { done: boolean; rows: number }>,
  report: SyncReport | undefined,
): Evidence['backfill'] {
  // Besides the tables, references that had to be left empty at first have cursors.
  const copied = new Set([...synced.tables.monolith, ...cursors.keys()]);
  const open = [...copied].filter((name) => cursors.get(name)?.done !== true);
  if (open.length === 0) return { done: true, detail: 'done' };
  const detail = open.map((name) => `${name} at ${cursors.get(name)?.rows ?? 0} rows`).join(', ');
  return { done: false, detail: report?.detail ? `${detail} (${report.detail})` : detail };
}

/**
 * What the last comparison came to. One that still runs, was cut off, or only mapped there and back takes nothing away
 * from the one before it, until it finds a difference.
 */
export function lastCompared(record: VerifyRecord | undefined): Compared | undefined {
  if (!record) return undefined;
  if (record.roundTrip) return record.before;
  return record.state === 'done' || record.differences > 0 ? record : record.before;
}

/** A verify from before the last change of owner says nothing about the side that follows now. */
function verifyEvidence(value: unknown, state: MigrationState, now: number): Evidence['verify'] {
  const record = lastCompared(value as VerifyRecord | undefined);
  if (!record || record.epoch !== state.epoch || record.owner !== state.owner) return null;
  return {
    at: record.at,
    ageMinutes: Math.max(0, now - Date.parse(record.at)) / 60_000,
    differences: record.differences - record.repaired,
    unsettled: record.unsettled,
    rows: record.rowsCompared,
    owner: record.owner,
  };
}
