import type { SideRow } from '../../migrations/databases/side-rules.ts';
import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import { foldEntry, newMigration } from '../../migrations/lifecycle/fold.ts';
import type { Decision, JournalEntry } from '../../migrations/lifecycle/journal.ts';
import type { ChangeState, Effect } from '../../migrations/lifecycle/protocol.ts';
import type { Side } from '../../migrations/lifecycle/stages.ts';

/**
 * Everything that takes part in changes of owner, as small as it can be. All writes concern one value, so what a side
 * holds is told by how many of them it has: the first `has`, in their order.
 */
export interface World {
  journal: readonly Said[];
  sides: Readonly<Record<Side, DataSide>>;
  /** Writes that were acknowledged so far. */
  commits: number;
  coordinators: readonly Coordinator[];
  proxies: readonly Proxy[];
  /** Where a transaction past all proxies has written and not ended; null when there is none. */
  stray: Side | null;
  /** What a sync process has read and not applied yet. */
  batch: { to: Side; upTo: number; epoch: number } | null;
  /** Requests to a database that nobody waits for any more, and that arrive all the same. */
  late: readonly Late[];
  /** What may still happen: the bound of the exploration. */
  left: Readonly<Bound>;
}

export interface Bound {
  /** Crashes, lost answers, late messages, leases that run out. */
  faults: number;
  /** Changes of owner that somebody begins. */
  orders: number;
  /** Coordinators that take on what is under way, whether or not the one before is gone. */
  takeovers: number;
  /** Writes through the proxies. */
  writes: number;
  /** Transactions past the proxies. */
  strays: number;
  /** Batches that a sync process reads; the drain of a change of owner carries everything over besides. */
  batches: number;
}

export interface DataSide extends SideRow {
  has: number;
}

export interface Said {
  kind: Decision['kind'];
  epoch: number;
  actor: string;
}

export interface Order {
  verb: 'cutover' | 'rollback';
  epoch: number;
  newEpoch: number;
  oldOwner: Side;
}

export interface Coordinator {
  actor: string;
  order: Order;
  /** Newest entry that it knows of. */
  seq: number;
  change: ChangeState;
  /** The effect `open` is two statements; the first is through. */
  half: boolean;
}

export interface Proxy {
  /** How far it knows the journal. */
  seq: number;
  /** What the store knows that it follows. */
  acked: number;
  /** Whether it believes in its lease. */
  lease: 'live' | 'over' | 'renewed, journal not read yet';
  /** Whether the store still counts on it. */
  stored: boolean;
  /** One write at a time: waiting for a decision, or sent to a side on a decision of that position. */
  write: 'waiting' | SentWrite | null;
}

export interface SentWrite {
  side: Side;
  seq: number;
  /** Its proxy had no lease at some time: the move did not wait for it, so a fence may refuse it. */
  excused: boolean;
}

export interface Late {
  effect: Effect;
  order: Order;
  half: boolean;
}

const BEGIN = 1;

/** Stage `canary`: the monolith owns, the service follows, two proxies know it. */
export function beginning(left: Bound, proxies = 2): World {
  const proxy: Proxy = { seq: 0, acked: 0, lease: 'live', stored: true, write: null };
  return {
    journal: [],
    sides: {
      monolith: { role: 'owner', epoch: BEGIN, attempt: BEGIN, has: 0 },
      service: { role: 'follower', epoch: BEGIN, attempt: BEGIN, has: 0 },
    },
    commits: 0,
    coordinators: [],
    proxies: Array.from({ length: proxies }, () => proxy),
    stray: null,
    batch: null,
    late: [],
    left,
  };
}

const folded = new Map<string, MigrationState>();

/** Where the migration stands by the first entries of the journal, by the very fold that everybody uses. */
export function standsAt(journal: readonly Said[], seq = journal.length): MigrationState {
  const known = journal.slice(0, seq);
  const key = known.map(({ kind, epoch, actor }) => `${kind} ${epoch} ${actor}`).join('|');
  const found = folded.get(key);
  if (found) return found;
  const said = known.at(-1);
  const state: MigrationState = said
    ? foldEntry(standsAt(journal, seq - 1), entryOf(said, seq, standsAt(journal, seq - 1)))
    : { ...newMigration('catalog'), stage: 'canary', epoch: BEGIN, weight: 10 };
  folded.set(key, state);
  return state;
}

function entryOf(said: Said, seq: number, before: MigrationState): JournalEntry {
  const { kind, epoch, actor } = said;
  const decision = decisionOf(kind, before);
  const unread = { at: '', migration: 'catalog', reason: null, evidence: null, previousHash: '', hash: '' };
  return { ...unread, seq, kind, decision, epoch, actor };
}

function decisionOf(kind: Said['kind'], before: MigrationState): Decision {
  switch (kind) {
    case 'cutover-started':
      return { kind, from: before.stage, to: 'extracted' };
    case 'rollback-started':
      return { kind, from: before.stage, to: 'shadow' };
    case 'owner-changed':
      return { kind, owner: before.owner === 'monolith' ? 'service' : 'monolith' };
    case 'writes-released':
      return { kind };
    case 'aborting':
    case 'aborted':
      return { kind, why: '' };
    default:
      throw new Error(`"${kind}" is no step of a change of owner`);
  }
}

/** Two worlds with the same key go on in the same ways; which of the proxies is which makes no difference. */
export function keyOf(world: World): string {
  const { journal, sides, commits, coordinators, proxies, stray, batch, late, left } = world;
  const lowest = Math.min(sides.monolith.has, sides.service.has, batch?.upTo ?? commits);
  const side = ({ role, epoch, attempt, has }: DataSide): string =>
    `${role[0]}${role[1]}${epoch}.${attempt}.${has - lowest}`;
  const order = ({ epoch, newEpoch, oldOwner }: Order): string => `${epoch}.${newEpoch}${oldOwner[0]}`;
  const coordinator = ({ actor, order: of, seq, change, half }: Coordinator): string =>
    `${actor} ${order(of)} ${seq} ${change.doing} ${change.late} ${half}`;
  const proxy = ({ seq, acked, lease, stored, write }: Proxy): string =>
    `${seq}.${acked}${lease[0]}${lease[1]}${stored ? 's' : ''}${write === null ? '' : write === 'waiting' ? 'w' : `${write.side[0]}${write.seq}${write.excused}`}`;
  return [
    journal.map(({ kind, epoch, actor }) => `${kind[0]}${kind[2]}${kind.at(-1)}${epoch}${actor}`).join(),
    side(sides.monolith),
    side(sides.service),
    commits - lowest,
    coordinators.map(coordinator).sort().join(),
    proxies.map(proxy).sort().join(),
    stray?.[0],
    batch && `${batch.to[0]}${batch.upTo - lowest}.${batch.epoch}`,
    late
      .map(({ effect, order: of, half }) => `${effect} ${order(of)} ${half}`)
      .sort()
      .join(),
    `${left.faults}.${left.orders}.${left.takeovers}.${left.writes}.${left.strays}.${left.batches}`,
  ].join('/');
}
