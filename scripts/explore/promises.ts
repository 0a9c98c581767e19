import { takesWrites } from '../../migrations/databases/side-rules.ts';
import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import { otherSide } from '../../migrations/lifecycle/stages.ts';
import type { Member, World } from './world.ts';
import { standsAt } from './world.ts';

/** Which promise a world breaks as it is; null when none. What a step breaks is told by the step. */
export function brokenIn({ members, journal }: World): string | null {
  if (members.some(({ monolith, service }) => takesWrites(monolith) && takesWrites(service)))
    return 'both databases take writes';
  const decided = new Map<string, string>();
  for (const { kind, epoch, of } of journal) {
    if (kind !== 'owner-changed' && kind !== 'aborting') continue;
    const before = decided.get(`${epoch} ${of}`);
    if (before) return `epoch ${epoch} was decided twice: ${before} and ${kind}`;
    decided.set(`${epoch} ${of}`, kind);
  }
  const owners = members.map((_, of) => standsAt(journal, journal.length, of).owner);
  return owners.some((owner) => owner !== owners[0])
    ? 'of two that move together one has another owner than the other'
    : null;
}

/** Why a world that nothing happens in any more is no good end; null when it is one. */
export function unfinishedIn({ members, journal, proxies }: World): string | null {
  for (const [of, member] of members.entries()) {
    const why = unfinished(member, standsAt(journal, journal.length, of));
    if (why !== null) return why;
  }
  return proxies.some(({ write }) => write !== null) ? 'a write waits for ever' : null;
}

function unfinished(member: Member, { change, owner, epoch }: MigrationState): string | null {
  if (change) return `the ${change.verb} to epoch ${change.epoch} never ends`;
  const { commits } = member;
  const [owning, following] = [member[owner], member[otherSide(owner)]];
  if (!takesWrites(owning))
    return `the ${owner} is the owner by the journal, and its database takes no writes`;
  if (owning.epoch !== epoch) return `the ${owner} is at epoch ${owning.epoch}, the journal at ${epoch}`;
  if (following.role !== 'follower') return `the other side of the ${owner} is ${following.role}`;
  if (following.has !== commits) return `the follower has ${following.has} of ${commits} writes`;
  return owning.has === commits ? null : `the owner has ${owning.has} of ${commits} writes`;
}
