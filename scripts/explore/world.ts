import type { SideRow } from '../../migrations/databases/side-rules.ts';
import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import { foldEntry, newMigration } from '../../migrations/lifecycle/fold.ts';
import type { Decision, JournalEntry } from '../../migrations/lifecycle/journal.ts';
import type { ChangeState, Effect } from '../../migrations/lifecycle/protocol.ts';
import type { Side } from '../../migrations/lifecycle/stages.ts';

/**
 * Everything that takes part in changes of owner, as small as it can be. All writes to a migration concern one value, so
 * what a side holds is told by how many of them it has: the first `has`, in their order.
 */
export interface World {
  journal: readonly Said[];
  /** One migration, or several that move together. */
  members: readonly Member[];
  coordinators: readonly Coordinator[];
  proxies: readonly Proxy[];
  /** Where a transaction past all proxies has written and not ended; null when there is none. */
  stray: { of: number; side: Side } | null;
  /** What a sync process has read and not applied yet. */
  batch: { of: number; to: Side; upTo: number; epoch: number } | null;
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

/** The data of one migration. */
export interface Member extends Readonly<Record<Side, DataSide>> {
  /** Writes that were acknowledged so far. */
  commits: number;
}

export interface Said {
  kind: Decision['kind'];
  epoch: number;
  actor: string;
  /** Said of one member alone, which only a broken protocol does; of all of them when left out. */
  of?: number;
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
  /** Which statement of the effect is next: several have one for each member, and `open` two. */
  at: number;
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
  /** One write at a time, to one of the members: waiting for a decision, or sent on. */
  write: { of: number; sent: SentWrite | null } | null;
}

/** Sent to a side on a decision of that position. */
export interface SentWrite {
  side: Side;
  seq: number;
  /** Its proxy had no lease at some time: the move did not wait for it, so a fence may refuse it. */
  excused: boolean;
}

export interface Late {
  effect: Effect;
  order: Order;
  at: number;
}

const BEGIN = 1;

/** As they are called in stories. */
const NAMES = ['catalog', 'cart'];
export const nameOf = (of: number): string => NAMES[of] ?? `migration ${of}`;

/** Stage `canary`: the monolith owns, the service follows, two proxies know it. */
export function beginning(left: Bound, members = 1, proxies = 2): World {
  const side = { epoch: BEGIN, attempt: BEGIN, has: 0 };
  const member: Member = {
    monolith: { ...side, role: 'owner' },
    service: { ...side, role: 'follower' },
    commits: 0,
  };
  const proxy: Proxy = { seq: 0, acked: 0, lease: 'live', stored: true, write: null };
  return {
    journal: [],
    members: Array.from({ length: members }, () => member),
    coordinators: [],
    proxies: Array.from({ length: proxies }, () => proxy),
    stray: null,
    batch: null,
    late: [],
    left,
  };
}

const folded = new Map<string, MigrationState>();

/** Where a member stands by the first entries of the journal, by the very fold that everybody uses. */
export function standsAt(journal: readonly Said[], seq = journal.length, of = 0): MigrationState {
  const known = journal.slice(0, seq);
  const key = `${of}: ${known.map((said) => `${said.kind} ${said.epoch} ${said.actor} ${said.of}`).join('|')}`;
  const found = folded.get(key);
  if (found) return found;
  const said = known.at(-1);
  const state = said
    ? heard(said, seq, of, standsAt(journal, seq - 1, of))
    : { ...newMigration(nameOf(of)), stage: 'canary' as const, epoch: BEGIN, weight: 10 };
  folded.set(key, state);
  return state;
}

function heard(said: Said, seq: number, of: number, before: MigrationState): MigrationState {
  const isMeant = said.of === undefined || said.of === of;
  return isMeant ? foldEntry(before, entryOf(said, seq, before)) : before;
}

function entryOf(said: Said, seq: number, before: MigrationState): JournalEntry {
  const { kind, epoch, actor } = said;
  const { migration } = before;
  const decision = decisionOf(kind, before);
  const unread = { at: '', reason: null, evidence: null, previousHash: '', hash: '' };
  return { ...unread, migration, seq, kind, decision, epoch, actor };
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
  const { journal, members, coordinators, proxies, stray, batch, late, left } = world;
  const lowest = members.map(({ monolith, service, commits }, of) =>
    Math.min(monolith.has, service.has, batch?.of === of ? batch.upTo : commits),
  );
  const side = ({ role, epoch, attempt, has }: DataSide, of: number): string =>
    `${role[0]}${role[1]}${epoch}.${attempt}.${has - (lowest[of] ?? 0)}`;
  const order = ({ epoch, newEpoch, oldOwner }: Order): string => `${epoch}.${newEpoch}${oldOwner[0]}`;
  const coordinator = ({ actor, order: by, seq, change, at }: Coordinator): string =>
    `${actor} ${order(by)} ${seq} ${change.doing} ${change.late} ${at}`;
  const write = ({ write: one }: Proxy): string =>
    one === null
      ? ''
      : `${one.of}${one.sent ? `${one.sent.side[0]}${one.sent.seq}${one.sent.excused}` : 'w'}`;
  const proxy = (one: Proxy): string =>
    `${one.seq}.${one.acked}${one.lease[0]}${one.lease[1]}${one.stored ? 's' : ''}${write(one)}`;
  return [
    journal
      .map(({ kind, epoch, actor, of }) => `${kind[0]}${kind[2]}${kind.at(-1)}${epoch}${actor}${of}`)
      .join(),
    ...members.flatMap(({ monolith, service, commits }, of) => [
      side(monolith, of),
      side(service, of),
      commits - (lowest[of] ?? 0),
    ]),
    coordinators.map(coordinator).sort().join(),
    proxies.map(proxy).sort().join(),
    stray && `${stray.of}${stray.side[0]}`,
    batch && `${batch.of}${batch.to[0]}${batch.upTo - (lowest[batch.of] ?? 0)}.${batch.epoch}`,
    late
      .map(({ effect, order: by, at }) => `${effect} ${order(by)} ${at}`)
      .sort()
      .join(),
    `${left.faults}.${left.orders}.${left.takeovers}.${left.writes}.${left.strays}.${left.batches}`,
  ].join('/');
}
