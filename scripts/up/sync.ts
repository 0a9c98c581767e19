import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Capability } from '../../migrations/lifecycle/capability.ts';
import { openSynced, streamFrom } from '../../migrations/lifecycle/capability.ts';
import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { isSynced } from '../../migrations/lifecycle/stages.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { SyncReport } from '../../migrations/relay/keep-in-step.ts';
import { keepInStep } from '../../migrations/relay/keep-in-step.ts';
import { PaceMaker } from './pace-maker.ts';

const REPORT_MS = 200;
const RETRY_MS = 1000;

interface Running {
  /** Owner and epoch that it was started for. */
  key: string;
  stop: AbortController;
  ended: Promise<void>;
}

/** Runs one stream for each migration that is in sync now, and changes its direction when the owner changes. */
export class SyncParts {
  private readonly store: ControlStore;
  private readonly journal: JournalFollower;
  private readonly capabilities: { readonly byName: ReadonlyMap<string, Capability> };
  private readonly logger: Logger;
  private readonly pace: PaceMaker;
  private readonly running = new Map<string, Running>();
  private unsubscribe: () => void = () => undefined;

  constructor(
    store: ControlStore,
    journal: JournalFollower,
    capabilities: { readonly byName: ReadonlyMap<string, Capability> },
    logger: Logger,
  ) {
    this.store = store;
    this.journal = journal;
    this.capabilities = capabilities;
    this.logger = logger;
    this.pace = new PaceMaker(store, () =>
      [...this.journal.states.keys()].some((name) => this.isWatched(name)),
    );
  }

  start(): void {
    this.unsubscribe = this.journal.subscribe(() => this.follow());
    this.follow();
    this.pace.start();
  }

  async close(): Promise<void> {
    this.unsubscribe();
    for (const { stop } of this.running.values()) stop.abort();
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
    await this.pace.close();
  }

  /** Starts and stops streams so that they fit journal and configuration. */
  follow(): void {
    for (const [name, capability] of this.capabilities.byName) {
      const state = this.journal.state(name);
      const wanted = capability.databases && isSynced(state.stage) ? `${state.owner} ${state.epoch}` : null;
      const current = this.running.get(name);
      if (current?.key === wanted) continue;
      current?.stop.abort();
      this.running.delete(name);
      if (wanted !== null) this.running.set(name, this.run(capability, state, wanted, current?.ended));
    }
  }

  private run(
    capability: Capability,
    state: MigrationState,
    key: string,
    before: Promise<void> | undefined,
  ): Running {
    const stop = new AbortController();
    const ended = (async () => {
      await before;
      while (!stop.signal.aborted) {
        try {
          await this.stream(capability, state, stop.signal);
          return;
        } catch (error) {
          this.logger.warn({ migration: capability.name, error }, 'sync cannot start');
          await this.reportFailure(capability.name, state, error);
          await pause(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
        }
      }
    })();
    return { key, stop, ended };
  }

  private async stream(capability: Capability, state: MigrationState, signal: AbortSignal): Promise<void> {
    const synced = await openSynced(capability);
    if (!synced) return;
    let reportedAt = 0;
    let saving = false;
    const observe = (report: SyncReport): void => {
      if (saving || Date.now() - reportedAt < REPORT_MS) return;
      reportedAt = Date.now();
      saving = true;
      const saved = this.store.report(`sync:${capability.name}`, report).catch(() => undefined);
      void saved.finally(() => (saving = false));
    };
    // Only what the monolith had before the sync began has to be copied.
    const withBackfill = state.owner === 'monolith';
    const beginRound = () => (this.isWatched(capability.name) ? this.pace.beginRound(capability.name) : null);
    await keepInStep(streamFrom(synced, state.owner, state.epoch), withBackfill, observe, signal, beginRound);
  }

  /** Proxies want to know how far the service's data are: it answers reads while the monolith takes the writes. */
  private isWatched(migration: string): boolean {
    const { stage, owner } = this.journal.state(migration);
    return stage === 'canary' && owner === 'monolith';
  }

  private async reportFailure(migration: string, state: MigrationState, error: unknown): Promise<void> {
    const isFromMonolith = state.owner === 'monolith';
    const report: SyncReport = {
      epoch: state.epoch,
      from: isFromMonolith ? 'monolith' : 'service',
      to: isFromMonolith ? 'service' : 'monolith',
      state: 'stalled',
      detail: error instanceof Error ? error.message : String(error),
      lagSeconds: 0,
      lagChanges: 0,
      parked: 0,
      parkedReasons: [],
      applied: 0,
      backfill: [],
    };
    await this.store.report(`sync:${migration}`, report).catch(() => undefined);
  }
}
