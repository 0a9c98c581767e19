import type { VerifyCursor } from '../verify/verify.ts';
import { verify } from '../verify/verify.ts';
import type { VerifyReport } from '../verify/report.ts';
import type { VerifySettings } from '../verify/schema.ts';
import type { Capability } from './capability.ts';
import { openSynced, streamFrom } from './capability.ts';
import type { Compared, VerifyRecord } from './evidence.ts';
import { lastCompared } from './evidence.ts';
import type { MigrationState } from './fold.ts';
import { ReportInOrder } from './report-in-order.ts';
import { newRecord, takeReport } from './run-verify.ts';
import { isSynced } from './stages.ts';
import type { ControlStore } from './store.ts';
import { FOUND } from './store.ts';

const TICK_MS = 1000;
const SAVE_MS = 1000;
/** A comparison that failed is tried again so much later: a database that is away comes back. */
const RETRY_MS = 60_000;

/** What a comparison keeps while it runs, so that another process goes on with it. */
interface Kept {
  epoch: number;
  owner: MigrationState['owner'];
  at: string;
  seconds: number;
  report: VerifyReport;
  cursor: VerifyCursor;
}

export interface BackgroundVerifyParts {
  store: Pick<ControlStore, 'report' | 'reports' | 'now'>;
  journal: { state(migration: string): MigrationState };
  capabilities: { readonly byName: ReadonlyMap<string, Capability> };
  /** Only one control process compares. */
  isLeading(): boolean;
  /** A comparison that failed; it is tried again. */
  onFailure(migration: string, error: unknown): void;
}

/**
 * Compares both sides of each migration that is in sync now and then, one at a time and at a bounded rate, and goes on
 * after a restart where it was. The last finished comparison stays what the gates see until the next one is finished.
 */
export class BackgroundVerify {
  private readonly parts: BackgroundVerifyParts;
  private readonly notBefore = new Map<string, number>();
  private readonly busy = new Set<string>();
  private running: { migration: string; stop: AbortController; ended: Promise<void> } | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(parts: BackgroundVerifyParts) {
    this.parts = parts;
  }

  start(): void {
    this.timer = setInterval(() => void this.tick().catch(() => undefined), TICK_MS);
  }

  async close(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.running?.stop.abort();
    await this.running?.ended;
  }

  /** Gives way to a comparison that a person orders, until the returned function is called. */
  async giveWay(migration: string): Promise<() => void> {
    this.busy.add(migration);
    if (this.running?.migration === migration) {
      this.running.stop.abort();
      await this.running.ended;
    }
    return () => this.busy.delete(migration);
  }

  /** Begins what is due, if nothing runs. */
  async tick(): Promise<void> {
    if (this.running || !this.parts.isLeading()) return;
    const { store } = this.parts;
    const [reports, now] = await Promise.all([store.reports('verify:'), store.now()]);
    for (const [migration, capability] of this.parts.capabilities.byName) {
      const record = reports.get(`verify:${migration}`)?.value as VerifyRecord | undefined;
      // One that was cut off or failed is made up for at once; one that only mapped there and back took nothing away.
      const last = record?.roundTrip || record?.state === 'done' ? lastCompared(record) : undefined;
      if (this.running || !this.isDue(capability, last, now)) continue;
      const stop = new AbortController();
      const ended = this.run(capability, stop)
        .catch((error: unknown) => {
          if (stop.signal.aborted) return;
          this.notBefore.set(migration, performance.now() + RETRY_MS);
          this.parts.onFailure(migration, error);
        })
        .finally(() => (this.running = null));
      this.running = { migration, stop, ended };
    }
  }

  private isDue(
    { name, databases, verify: settings }: Capability,
    last: Compared | undefined,
    now: number,
  ): boolean {
    const state = this.parts.journal.state(name);
    if (settings?.every === undefined || !databases || this.busy.has(name)) return false;
    if (!isSynced(state.stage) || state.change || (this.notBefore.get(name) ?? 0) > performance.now())
      return false;
    return last?.epoch !== state.epoch || now - Date.parse(last.at) >= settings.every;
  }

  private async run(capability: Capability, stop: AbortController): Promise<void> {
    const { store, journal } = this.parts;
    const state = journal.state(capability.name);
    const synced = await openSynced(capability, state.stage);
    if (!synced) return;
    const keptName = `${FOUND}running:${state.migration}`;
    const kept = (await store.reports(keptName)).get(keptName)?.value as Kept | null | undefined;
    const resume = kept?.epoch === state.epoch && kept.owner === state.owner ? kept : null;
    const record: VerifyRecord = {
      ...newRecord(state, await store.now()),
      unmapped: [...synced.mapping.unmapped],
    };
    if (resume) record.at = resume.at;
    const started = performance.now();
    const seconds = (): number => (resume?.seconds ?? 0) + (performance.now() - started) / 1000;
    const keeping = new ReportInOrder(store, keptName, SAVE_MS);
    const report = await verify(streamFrom(synced, state.owner, state.epoch), {
      ...paceOf(capability.verify),
      ...(resume ? { resume } : {}),
      signal: stop.signal,
      observe: (now, cursor) => {
        if (!this.isStill(state)) stop.abort();
        const { epoch, owner } = state;
        keeping.offer(() => {
          const all: Kept = { epoch, owner, at: record.at, seconds: seconds(), report: now, cursor };
          return structuredClone(all);
        });
      },
    });
    stop.signal.throwIfAborted();
    takeReport(record, report, seconds());
    record.state = 'done';
    await store.report(`${FOUND}${state.migration}`, { at: record.at, found: report.found });
    await store.report(`verify:${state.migration}`, record);
    await keeping.write(null);
  }

  /** What is found of one owner says nothing about the next. */
  private isStill({ migration, epoch, owner }: MigrationState): boolean {
    const now = this.parts.journal.state(migration);
    return now.epoch === epoch && now.owner === owner && now.change === null && isSynced(now.stage);
  }
}

const paceOf = (settings: VerifySettings | undefined): { maxRowsPerSecond?: number } =>
  settings ? { maxRowsPerSecond: settings.maxRowsPerSecond } : {};
