import type { Stream } from '../relay/stream.ts';
import type { Difference } from '../verify/compare.ts';
import { describeDifference } from '../verify/compare.ts';
import { repair } from '../verify/repair.ts';
import { verify } from '../verify/verify.ts';
import type { Capability } from './capability.ts';
import { openSynced, streamFrom } from './capability.ts';
import { LifecycleError } from './errors.ts';
import type { VerifyRecord } from './evidence.ts';
import type { MigrationState } from './fold.ts';
import { isSynced } from './stages.ts';
import type { ControlStore } from './store.ts';

const REPORT_MS = 250;
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
  request: { repair: boolean; dryRun: boolean; actor: string; reason: string | null },
): Promise<RunningVerify> {
  const synced = await openSynced(capability);
  if (!synced || !isSynced(state.stage)) {
    throw new LifecycleError(
      `"${state.migration}" has nothing to compare in stage ${state.stage}${synced ? '' : ': it has no tables'}`,
    );
  }
  const record = newRecord(state);
  const save = (): Promise<void> => store.report(`verify:${state.migration}`, record);
  await save();
  const stream = streamFrom(synced, state.owner, state.epoch);
  const work = async (): Promise<VerifyRecord> => {
    try {
      const found = await compare(stream, record, save);
      if (request.repair && !request.dryRun && found.length > 0) {
        record.repaired = await repair(stream, found);
        await journalRepair(store, state, record, request);
      }
      record.state = 'done';
    } catch (error) {
      record.state = 'failed';
      record.details = [error instanceof Error ? error.message : String(error)];
    }
    await save();
    return record;
  };
  return { ended: work() };
}

function newRecord(state: MigrationState): VerifyRecord {
  return {
    state: 'running',
    epoch: state.epoch,
    owner: state.owner,
    at: new Date().toISOString(),
    rowsCompared: 0,
    rowsTotal: null,
    rowsPerSecond: 0,
    differences: 0,
    unsettled: 0,
    repaired: 0,
    details: [],
  };
}

async function compare(
  stream: Stream,
  record: VerifyRecord,
  save: () => Promise<void>,
): Promise<Difference[]> {
  const started = Date.now();
  let savedAt = 0;
  const report = await verify(stream, ({ rowsCompared, rowsTotal, differences }) => {
    const rowsPerSecond = rowsCompared / Math.max(0.001, (Date.now() - started) / 1000);
    Object.assign(record, { rowsCompared, rowsTotal, differences, rowsPerSecond });
    if (Date.now() - savedAt < REPORT_MS) return;
    savedAt = Date.now();
    void save().catch(() => undefined);
  });
  const { rowsCompared, rowsTotal, differences, unsettled } = report;
  const details = report.found.slice(0, SHOWN).map(describeDifference);
  Object.assign(record, { rowsCompared, rowsTotal, differences, unsettled, details });
  return report.found;
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
