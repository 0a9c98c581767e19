import type { Coordinator } from '../../migrations/lifecycle/coordinator.ts';
import { LifecycleError } from '../../migrations/lifecycle/errors.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { isSynced } from '../../migrations/lifecycle/stages.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import { FOUND } from '../../migrations/lifecycle/store.ts';
import type { Difference } from '../../migrations/verify/compare.ts';
import type { Actor } from '../../proxy/control/lifecycle.ts';
import type {
  BackfillHold,
  BackfillOrder,
  FoundDifferences,
  SyncOrders,
} from '../../proxy/control/sync-orders.ts';

/** Orders to the sync stand in the journal, which the sync process follows: they outlive any process. */
export class SyncOrdersOf implements SyncOrders {
  private readonly store: ControlStore;
  private readonly journal: JournalFollower;
  private readonly coordinator: Coordinator;

  constructor(parts: { store: ControlStore; journal: JournalFollower; coordinator: Coordinator }) {
    this.store = parts.store;
    this.journal = parts.journal;
    this.coordinator = parts.coordinator;
  }

  async holdBackfill(
    migration: string,
    { paused }: BackfillOrder,
    { name: actor, reason }: Actor,
  ): Promise<BackfillHold> {
    const { databases } = this.coordinator.capability(migration);
    await this.journal.refresh();
    const { stage, owner, epoch, seq, backfillPaused } = this.journal.state(migration);
    if (!databases || !isSynced(stage) || owner !== 'monolith') {
      const why = databases ? `no rows are copied in stage ${stage}` : 'it has no tables';
      throw new LifecycleError(`"${migration}" has no backfill: ${why}`);
    }
    if ((backfillPaused !== null) === paused) return { migration, paused, changed: false };
    const decision = { kind: paused ? 'backfill-paused' : 'backfill-continued' } as const;
    await this.store.append({ migration, decision, epoch, actor, reason, evidence: null }, seq);
    await this.journal.refresh();
    return { migration, paused, changed: true };
  }

  async found(migration: string): Promise<FoundDifferences> {
    this.coordinator.capability(migration);
    const name = FOUND + migration;
    const kept = (await this.store.reports(name)).get(name)?.value as
      { at: string; found: Difference[] } | undefined;
    const found = (kept?.found ?? []).map(({ entry, key, kind, columns }) => ({ entry, key, kind, columns }));
    return { migration, at: kept?.at ?? null, found };
  }
}
