import type { Kind } from '../routes/route.ts';
import type { Side } from './exchange.ts';
import type { Standing } from './standing.ts';

/** Who answers, and why. */
export interface Decision {
  side: Side;
  reason: string;
  /** Stage in which it was decided. */
  stage: Standing['stage'];
  epoch: number;
  /** Journal position of the standing that this was decided on. */
  seq: number;
  /** The owner is changing, or may have: nothing may be sent before a newer decision. */
  waits: boolean;
}

/** What is known of the client in stage `canary`. */
export interface Client {
  /** It belongs to those whose reads go to the service. */
  isInServiceArm: boolean;
  /** Why, when a list or a name pins it; null when its place in the weight decides. */
  pinnedBy: string | null;
  /** The service may not have what this client wrote yet. */
  isAhead: boolean;
}

export interface Circumstances {
  kind: Kind;
  /** Null when the journal does not know the migration yet: it is `legacy`. */
  standing: Standing | null;
  seq: number;
  leaseIsLive: boolean;
  /** Called in stage `canary` only, so that nobody else gets an identity. */
  client: (standing: Standing) => Client;
}

/** Decides which side answers a request. Pure: everything it depends on is in `given`. */
export function decide(given: Circumstances): Decision {
  const { standing, seq } = given;
  if (!standing) return { side: 'monolith', reason: 'legacy', stage: 'legacy', epoch: 0, seq, waits: false };
  const place =
    given.kind === 'writes' ? placeOfWrite(standing, given.leaseIsLive) : placeOfRead(standing, given.client);
  const { side, reason, waits } = place;
  return { side, reason, stage: standing.stage, epoch: standing.epoch, seq, waits };
}

/**
 * The owner could have changed without this proxy, and nothing else would refuse its write. Where a fence stands the
 * write goes to the last known owner: a store that is away for an hour must not stop what moved a year ago.
 */
function dependsOnLease({ stage, isFenced }: Standing): boolean {
  return !isFenced && (stage === 'shadow' || stage === 'canary' || stage === 'extracted');
}

/** Why a read of the service's arm goes to the owner, and where it might wait instead. */
export const READ_YOUR_WRITES = 'read your writes';

type Place = Pick<Decision, 'side' | 'reason' | 'waits'>;

function placeOfWrite(standing: Standing, leaseIsLive: boolean): Place {
  const side = standing.owner;
  if (standing.holdWrites) return { side, reason: 'owner changes', waits: true };
  if (!leaseIsLive && dependsOnLease(standing)) return { side, reason: 'lease ran out', waits: true };
  return { side, reason: 'owner', waits: false };
}

function placeOfRead(standing: Standing, client: Circumstances['client']): Place {
  switch (standing.stage) {
    case 'legacy':
    case 'dual-write':
    case 'shadow':
      return { side: 'monolith', reason: standing.stage, waits: false };
    case 'canary':
      return placeOfCanaryRead(standing, client(standing));
    case 'extracted':
    case 'retired':
      return { side: 'service', reason: standing.stage, waits: false };
  }
}

function placeOfCanaryRead(standing: Standing, client: Client): Place {
  const reason = client.pinnedBy ?? 'canary';
  if (!client.isInServiceArm) return { side: 'monolith', reason, waits: false };
  if (client.isAhead) return { side: standing.owner, reason: READ_YOUR_WRITES, waits: false };
  return { side: 'service', reason, waits: false };
}
