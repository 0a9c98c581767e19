import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { backfillSchema } from '../../migrations/backfill/schema.ts';
import { readKept } from '../../migrations/drift/keep.ts';
import type { Capability } from '../../migrations/lifecycle/capability.ts';
import { openSynced, streamFrom } from '../../migrations/lifecycle/capability.ts';
import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { isSynced } from '../../migrations/lifecycle/stages.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { CopyOrder, SyncReport } from '../../migrations/relay/keep-in-step.ts';
import { keepInStep } from '../../migrations/relay/keep-in-step.ts';
import type { Transport } from '../../migrations/transport/transport.ts';
import { PaceMaker } from './pace-maker.ts';
import { reportOfFailure } from './failed-sync.ts';
import { SyncWatch } from './watch-sync.ts';

const REPORT_MS = 200;
const RETRY_MS = 1000;
const SLOT_WARN_MEGABYTES = 1024;

interface Running {
  /** Owner and epoch that it was started for; null once it is to end. */
  key: string | null;
  stop: AbortController;
  ended: Promise<void>;
}

/** Runs one stream for each migration that is in sync now, and changes its direction when the owner changes. */
export class SyncParts {
  private readonly store: ControlStore;
  private readonly journal: JournalFollower;
  private readonly capabilities: { readonly byName: ReadonlyMap<string, Capability> };
  private readonly transport: Transport;
  private readonly logger: Logger;
  private readonly pace: PaceMaker;
  private readonly running = new Map<string, Running>();
  private unsubscribe: () => void = () => undefined;

  constructor(
    store: ControlStore,
    journal: JournalFollower,
    capabilities: { readonly byName: ReadonlyMap<string, Capability> },
    transport: Transport,
    logger: Logger,
  ) {
    this.store = store;
    this.journal = journal;
    this.capabilities = capabilities;
    this.transport = transport;
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
    await this.transport.close();
  }

  /** Starts and stops streams so that they fit journal and configuration. */
  follow(): void {
    for (const [name, capability] of this.capabilities.byName) {
      const state = this.journal.state(name);
      // While the owner is decided and writes still wait, there is nothing to carry, and each statement would delay them.
      const isDecided = state.change?.phase === 'owner-changed';
      const isWanted = capability.databases && isSynced(state.stage) && !isDecided;
      const wanted = isWanted ? `${state.owner} ${state.epoch}` : null;
      const current = this.running.get(name);
      if ((current?.key ?? null) === wanted) continue;
      current?.stop.abort();
      if (current) this.running.set(name, { ...current, key: null });
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
          await this.reportFailure(capability, state, error);
          await pause(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
        }
      }
    })();
    return { key, stop, ended };
  }

  private async stream(capability: Capability, state: MigrationState, signal: AbortSignal): Promise<void> {
    const synced = await openSynced(capability, state.stage);
    if (!synced) return;
    let reportedAt = -Infinity;
    let saving = false;
    const stream = streamFrom(synced, state.owner, state.epoch);
    const { store, journal, logger } = this;
    const watch = await SyncWatch.over({
      ...{ synced, stream, store, journal, logger },
      slotWarnMegabytes: capability.slotWarnMegabytes ?? SLOT_WARN_MEGABYTES,
    });
    const observe = (report: SyncReport): void => {
      if (saving || performance.now() - reportedAt < REPORT_MS) return;
      reportedAt = performance.now();
      saving = true;
      const saved = this.store
        .report(`sync:${capability.name}`, watch.complete(report))
        .catch(() => undefined);
      void saved.finally(() => (saving = false));
    };
    // Only what the monolith had before the sync began has to be copied.
    const copyOrder = state.owner === 'monolith' ? this.copyOrder(capability.name) : null;
    const beginRound = () => (this.isWatched(capability.name) ? this.pace.beginRound(capability.name) : null);
    const run = (inner: AbortSignal) =>
      keepInStep(stream, this.transport, copyOrder, observe, inner, beginRound);
    await watch.around(run, signal);
  }

  /** Asked anew each time: the configuration and the journal change while rows are copied. */
  private copyOrder(migration: string): CopyOrder {
    return {
      settings: () => this.capabilities.byName.get(migration)?.backfill ?? backfillSchema.parse({}),
      heldBecause: () => {
        const paused = this.journal.state(migration).backfillPaused;
        return paused && `paused by ${paused.actor}${paused.reason ? `: ${paused.reason}` : ''}`;
      },
    };
  }

  /** Proxies want to know how far the service's data are: it answers reads while the monolith takes the writes. */
  private isWatched(migration: string): boolean {
    const { stage, owner } = this.journal.state(migration);
    return stage === 'canary' && owner === 'monolith';
  }

  private async reportFailure(capability: Capability, state: MigrationState, error: unknown): Promise<void> {
    const { store, journal } = this;
    const kept = await readKept(store, capability.name, journal.entries).catch(() => null);
    const report = await reportOfFailure(capability, state, error, kept);
    await store.report(`sync:${capability.name}`, report).catch(() => undefined);
  }
}
