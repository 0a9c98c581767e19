import type { Stream } from '../relay/stream.ts';
import { describeDifference } from '../verify/compare.ts';
import type { DirectionMapping } from '../mapping/mapping.ts';
import type { RoundTripReport } from '../verify/round-trip.ts';
import { describeAltered, roundTrip } from '../verify/round-trip.ts';
import { repair } from '../verify/repair.ts';
import type { VerifyReport } from '../verify/report.ts';
import { verify } from '../verify/verify.ts';
import type { Capability, SyncedCapability } from './capability.ts';
import { openSynced, streamFrom } from './capability.ts';
import { LifecycleError } from './errors.ts';
import type { Compared, VerifyRecord } from './evidence.ts';
import { lastCompared } from './evidence.ts';
import type { MigrationState } from './fold.ts';
import type { Side } from './stages.ts';
import { isSynced } from './stages.ts';
import { ReportInOrder } from './report-in-order.ts';
import type { ControlStore } from './store.ts';
import { FOUND } from './store.ts';

const REPORT_MS = 250;
/** A comparison says at least so often that it is still there. */
const BEAT_MS = 2000;
/** One that has said nothing for so long is taken for gone: its process was killed. */
export const VERIFY_SILENT_MS = 15_000;
const SHOWN = 10;

/** A verify that has begun: the first record is in the store. */
export interface RunningVerify {
  ended: Promise<VerifyRecord>;
}

/**
 * Begins to compare both sides of a migration, and to mend what differs if asked to. The record in the store is
 * kept up to date until it ends.
 *
 * @throws LifecycleError when there is nothing to compare
 */
export async function startVerify(
  store: ControlStore,
  capability: Capability,
  state: MigrationState,
  request: { repair: boolean; dryRun: boolean; roundTrip?: boolean; actor: string; reason: string | null },
): Promise<RunningVerify> {
  const synced = await openSynced(capability, state.stage);
  if (!synced || !isSynced(state.stage)) {
    throw new LifecycleError(
      `"${state.migration}" has nothing to compare in stage ${state.stage}${synced ? '' : ': it has no tables'}`,
    );
  }
  const name = `verify:${state.migration}`;
  const before = lastCompared((await store.reports(name)).get(name)?.value as VerifyRecord | undefined);
  const record: VerifyRecord = {
    ...newRecord(state, await store.now()),
    ...(request.roundTrip ? { roundTrip: true } : {}),
    ...(before ? { before: countsOf(before) } : {}),
  };
  const report = new ReportInOrder(store, name, REPORT_MS);
  const tell = (): void => report.offer(() => record);
  await report.write(record);
  record.unmapped = [...synced.mapping.unmapped];
  const stream = streamFrom(synced, state.owner, state.epoch);
  const work = async (): Promise<void> => {
    try {
      if (request.roundTrip) {
        await mapThereAndBack(stream, otherDirection(synced, state.owner), record, tell);
        return;
      }
      const { found } = await compare(stream, record, tell);
      await store.report(`${FOUND}${state.migration}`, { at: record.at, found });
      if (request.repair && !request.dryRun && found.length > 0) {
        const { mended, refused } = await repair(stream, found);
        record.repaired = mended;
        record.details.push(...refused.slice(0, SHOWN));
        await journalRepair(store, state, record, request);
      }
      record.state = 'done';
    } catch (error) {
      record.state = 'failed';
      record.details = [error instanceof Error ? error.message : String(error)];
    }
  };
  const beat = setInterval(tell, BEAT_MS).unref();
  const ended = work().then(async () => {
    clearInterval(beat);
    await report.write(record);
    return record;
  });
  return { ended };
}

const otherDirection = ({ mapping }: SyncedCapability, owner: Side): DirectionMapping =>
  owner === 'monolith' ? mapping.toMonolith : mapping.toService;

const countsOf = ({
  epoch,
  owner,
  at,
  rowsCompared,
  differences,
  repaired,
  unsettled,
}: Compared): Compared => ({
  ...{ epoch, owner, at, rowsCompared, differences, repaired, unsettled },
});

/** @param now when the comparison begins, by the store's clock: another process may count its age */
export function newRecord(state: MigrationState, now: number): VerifyRecord {
  return {
    state: 'running',
    epoch: state.epoch,
    owner: state.owner,
    at: new Date(now).toISOString(),
    rowsCompared: 0,
    rowsTotal: null,
    rowsPerSecond: 0,
    differences: 0,
    unsettled: 0,
    parked: 0,
    repaired: 0,
    seconds: 0,
    entries: [],
    unmapped: [],
    details: [],
  };
}

/** What it finds says nothing about the follower: the record is marked, and no gate takes it for a verify. */
async function mapThereAndBack(
  stream: Stream,
  back: DirectionMapping,
  record: VerifyRecord,
  tell: () => void,
): Promise<void> {
  const started = performance.now();
  const take = ({ rows, altered, examples }: RoundTripReport): void => {
    const seconds = (performance.now() - started) / 1000;
    const rowsPerSecond = rows / Math.max(0.001, seconds);
    const details = examples.slice(0, SHOWN).map(describeAltered);
    Object.assign(record, { rowsCompared: rows, differences: altered, seconds, rowsPerSecond, details });
  };
  const report = await roundTrip(stream, back, (progress) => {
    take(progress);
    tell();
  });
  take(report);
  record.rowsTotal = report.rows;
  record.state = 'done';
}

async function compare(stream: Stream, record: VerifyRecord, tell: () => void): Promise<VerifyReport> {
  const started = performance.now();
  const take = (report: VerifyReport): void =>
    takeReport(record, report, (performance.now() - started) / 1000);
  const report = await verify(stream, {
    observe: (progress) => {
      take(progress);
      tell();
    },
  });
  take(report);
  return report;
}

/** Takes the counts of a comparison into its record, and the first differences in words. */
export function takeReport(record: VerifyRecord, { found, ...counts }: VerifyReport, seconds: number): void {
  const rowsPerSecond = counts.rowsCompared / Math.max(0.001, seconds);
  const details = found.slice(0, SHOWN).map(describeDifference);
  Object.assign(record, { ...counts, seconds, rowsPerSecond, details });
}

async function journalRepair(
  store: ControlStore,
  state: MigrationState,
  record: VerifyRecord,
  { actor, reason }: { actor: string; reason: string | null },
): Promise<void> {
  const decision = { kind: 'repaired', rows: record.repaired } as const;
  const { migration, epoch, seq } = state;
  await store.append({ migration, decision, epoch, actor, reason, evidence: record.details }, seq);
}
