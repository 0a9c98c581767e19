import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CaptureHealth } from '../../migrations/databases/database.ts';
import type { Drift } from '../../migrations/drift/compare.ts';
import { withWarning } from '../../migrations/databases/slot-warning.ts';
import { keepShape } from '../../migrations/drift/keep.ts';
import type { KeptShape } from '../../migrations/drift/shape.ts';
import { shapeToKeep } from '../../migrations/drift/shape.ts';
import { lookForDrift, watchDrift } from '../../migrations/drift/watch.ts';
import type { Places } from '../../migrations/drift/vanished.ts';
import { lookForVanished } from '../../migrations/drift/vanished.ts';
import type { SyncedCapability } from '../../migrations/lifecycle/capability.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { SyncReport } from '../../migrations/relay/keep-in-step.ts';
import type { Stream } from '../../migrations/relay/stream.ts';
import { together } from '../../migrations/relay/together.ts';
import { watchWriters } from './watch-writers.ts';
import { Throughput } from './throughput.ts';

const CAPTURE_MS = 3000;
const VANISHED_MS = 3000;

/** What the sync process reports of a stream. */
export interface ObservedSync extends SyncReport {
  /** Over the last ten seconds. */
  changesPerSecond: number;
  /** How the tables differ from what they were when the sync began. */
  drift: readonly Drift[];
  /** Of the owner's side; null where triggers capture. */
  slot: CaptureHealth | null;
  /** Of the following side: it keeps log too, and the way back needs it. */
  followerSlot: CaptureHealth | null;
}

/** Looks after what can go wrong beside a stream: the schema under it, and the log that is kept for it. */
export class SyncWatch {
  private readonly synced: SyncedCapability;
  private readonly stream: Stream;
  private readonly kept: KeptShape;
  private readonly logger: Logger;
  private readonly store: ControlStore;
  private readonly throughput = new Throughput();
  private drift: readonly Drift[];
  private vanished: readonly Drift[] = [];
  private slot: CaptureHealth | null = null;
  private followerSlot: CaptureHealth | null = null;
  private readonly slotWarnMegabytes: number;

  private constructor(
    parts: {
      synced: SyncedCapability;
      stream: Stream;
      logger: Logger;
      store: ControlStore;
      slotWarnMegabytes: number;
    },
    kept: KeptShape,
    drift: readonly Drift[],
  ) {
    this.synced = parts.synced;
    this.stream = parts.stream;
    this.logger = parts.logger;
    this.store = parts.store;
    this.slotWarnMegabytes = parts.slotWarnMegabytes;
    this.kept = kept;
    this.drift = drift;
  }

  /** @throws SchemaDriftError when the stream must not begin on these tables */
  static async over(parts: {
    synced: SyncedCapability;
    stream: Stream;
    store: ControlStore;
    journal: JournalFollower;
    logger: Logger;
    /** Of log that a slot keeps; above it, status and log say so. */
    slotWarnMegabytes: number;
  }): Promise<SyncWatch> {
    const { synced, store, journal } = parts;
    const kept = await keepShape(store, synced.name, journal.entries, () => shapeToKeep(synced));
    return new SyncWatch(parts, kept, await lookForDrift(synced, kept));
  }

  /** Runs the stream, and ends it when the schema has changed so that it must not go on. */
  around(running: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const noticed = (drift: readonly Drift[]): void => {
      this.drift = drift;
      this.logger.warn({ migration: this.synced.name, drift }, 'the schema has changed under the sync');
    };
    const isMonoliths = this.stream.source === this.synced.databases.monolith;
    const tasks = [
      running,
      (inner: AbortSignal) => watchDrift(this.synced, this.kept, noticed, inner),
      (inner: AbortSignal) => this.watchCapture(inner),
      // Behind a cutover the fence tells who is left.
      ...(isMonoliths ? [(inner: AbortSignal) => watchWriters(this.synced, this.store, inner)] : []),
      (inner: AbortSignal) => this.watchVanished(inner),
    ];
    return together(tasks, signal);
  }

  complete(report: SyncReport): ObservedSync {
    const { slot, followerSlot } = this;
    const drift = [...this.drift, ...this.vanished];
    return { ...report, drift, slot, followerSlot, changesPerSecond: this.throughput.rate(report.applied) };
  }

  private async watchCapture(signal: AbortSignal): Promise<void> {
    const { source, target, migration } = this.stream;
    const healthOf = async (database: Stream['source'], last: CaptureHealth | null) => {
      // A database that is away is the stream's business.
      const health = await database.captureHealth(migration).catch(() => last);
      const told = withWarning(health, this.slotWarnMegabytes);
      if (told && told.detail !== '' && told.detail !== last?.detail)
        this.logger.warn({ migration, slot: told }, 'a replication slot needs somebody');
      return told;
    };
    while (!signal.aborted) {
      this.slot = await healthOf(source, this.slot);
      this.followerSlot = await healthOf(target, this.followerSlot);
      await pause(CAPTURE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Goes through all rows little by little, and stays where something is missing until it is mended. */
  private async watchVanished(signal: AbortSignal): Promise<void> {
    const { source } = this.stream;
    const side = source === this.synced.databases.monolith ? 'monolith' : 'service';
    let places: Places = new Map();
    while (!signal.aborted) {
      const look = await lookForVanished(this.stream, side, places).catch(() => null);
      if (look && look.found.length > this.vanished.length)
        this.logger.warn({ migration: this.synced.name, drift: look.found }, 'rows are gone in silence');
      if (look) this.vanished = look.found;
      if (look?.found.length === 0) places = look.places;
      await pause(VANISHED_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
