import type { CaptureHealth } from '../../migrations/databases/database.ts';
import type { Drift } from '../../migrations/drift/compare.ts';
import { driftOf } from '../../migrations/drift/compare.ts';
import type { KeptShape } from '../../migrations/drift/shape.ts';
import { readShape } from '../../migrations/drift/shape.ts';
import type { Capability } from '../../migrations/lifecycle/capability.ts';
import { groundOf } from '../../migrations/lifecycle/capability.ts';
import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import { otherSide } from '../../migrations/lifecycle/stages.ts';
import { lagOf } from '../../migrations/relay/relay.ts';
import type { ObservedSync } from './watch-sync.ts';

/**
 * What is reported of a stream that ended, or could not begin: why, and all that can be known without a mapping, which may
 * be what failed. Who only watches figures must not take a sync that stands still for one that has nothing to do.
 *
 * @param kept the tables as they were when the sync began; null when that was not kept
 */
export async function reportOfFailure(
  capability: Capability,
  { owner, epoch }: MigrationState,
  error: unknown,
  kept: KeptShape | null,
): Promise<ObservedSync> {
  const known = await lookAround(capability, owner, kept);
  return {
    epoch,
    from: owner === 'monolith' ? 'monolith' : 'service',
    to: owner === 'monolith' ? 'service' : 'monolith',
    state: 'stalled',
    detail: error instanceof Error ? error.message : String(error),
    lagSeconds: known.lag?.seconds ?? 0,
    lagChanges: known.lag?.changes ?? 0,
    ...{ parked: known.parked, parkedKeys: known.parkedKeys, parkedReasons: [] },
    ...{ applied: 0, unreadable: 0, changesPerSecond: 0, backfill: [] },
    ...{ drift: known.drift, slot: known.slot, followerSlot: known.followerSlot },
  };
}

async function lookAround(
  capability: Capability,
  owner: MigrationState['owner'],
  kept: KeptShape | null,
): Promise<{
  lag: { seconds: number; changes: number } | null;
  parked: number;
  parkedKeys: number;
  drift: Drift[];
  slot: CaptureHealth | null;
  followerSlot: CaptureHealth | null;
}> {
  const ground = groundOf(capability);
  if (!ground) return { lag: null, parked: 0, parkedKeys: 0, drift: [], slot: null, followerSlot: null };
  const [source, target] = [ground.databases[owner], ground.databases[otherSide(owner)]];
  const migration = capability.name;
  // Each may be what fails: the reason is told already.
  const [lag, progress, shape, slot, followerSlot] = await Promise.all([
    lagOf({ migration, source, target }).catch(() => null),
    target.progress(migration).catch(() => ({ parked: 0, parkedKeys: 0 })),
    kept && readShape(ground).catch(() => null),
    source.captureHealth(migration).catch(() => null),
    target.captureHealth(migration).catch(() => null),
  ]);
  const { parked, parkedKeys } = progress;
  return { lag, parked, parkedKeys, drift: kept && shape ? driftOf(kept, shape) : [], slot, followerSlot };
}
