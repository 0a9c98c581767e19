import { takesWrites } from '../../migrations/databases/side-rules.ts';
import type { World } from './world.ts';
import { standsAt } from './world.ts';

/** Which promise a world breaks as it is; null when none. What a step breaks is told by the step. */
export function brokenIn({ sides, journal }: World): string | null {
  if (takesWrites(sides.monolith) && takesWrites(sides.service)) return 'both databases take writes';
  const decided = new Map<number, string>();
  for (const { kind, epoch } of journal) {
    if (kind !== 'owner-changed' && kind !== 'aborting') continue;
    if (decided.has(epoch)) return `epoch ${epoch} was decided twice: ${decided.get(epoch)} and ${kind}`;
    decided.set(epoch, kind);
  }
  return null;
}

/** Why a world that nothing happens in any more is no good end; null when it is one. */
export function unfinishedIn({ sides, journal, proxies, commits }: World): string | null {
  const { change, owner, epoch } = standsAt(journal);
  if (change) return `the ${change.verb} to epoch ${change.epoch} never ends`;
  const [owning, following] =
    owner === 'monolith' ? [sides.monolith, sides.service] : [sides.service, sides.monolith];
  if (!takesWrites(owning))
    return `the ${owner} is the owner by the journal, and its database takes no writes`;
  if (owning.epoch !== epoch) return `the ${owner} is at epoch ${owning.epoch}, the journal at ${epoch}`;
  if (following.role !== 'follower') return `the other side of the ${owner} is ${following.role}`;
  if (following.has !== commits) return `the follower has ${following.has} of ${commits} writes`;
  if (owning.has !== commits) return `the owner has ${owning.has} of ${commits} writes`;
  return proxies.some(({ write }) => write !== null) ? 'a write waits for ever' : null;
}
