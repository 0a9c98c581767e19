import type { SideRow } from '../../migrations/databases/side-rules.ts';
import {
  becomeFollower,
  becomeOwner,
  raiseFence,
  takesChanges,
  takesWrites,
} from '../../migrations/databases/side-rules.ts';
import type { Side } from '../../migrations/lifecycle/stages.ts';
import { otherSide } from '../../migrations/lifecycle/stages.ts';
import type { Action, Rules } from './action.ts';
import type { DataSide, Member, Order, World } from './world.ts';
import { standsAt } from './world.ts';

const SIDES = ['monolith', 'service'] as const;

/** What came of a statement: null when the database refused it. */
type Done = World | null;

const memberAt = ({ members }: World, of: number): Member => {
  const member = members[of];
  if (!member) throw new Error(`there is no member ${of}`);
  return member;
};

const put = (world: World, of: number, to: Partial<Member>): World => ({
  ...world,
  members: world.members.map((member, i) => (i === of ? { ...member, ...to } : member)),
});

const on = (world: World, of: number, side: Side, row: SideRow | null): Done =>
  row && put(world, of, { [side]: { ...memberAt(world, of)[side], ...row } });

/** A database that lost its memory of epochs does as it is told. */
const forgetful = (row: SideRow, rules: Rules): SideRow =>
  rules.checksEpochs ? row : { ...row, epoch: 0, attempt: 0 };

const rowOf = (world: World, of: number, side: Side, rules: Rules): SideRow =>
  forgetful(memberAt(world, of)[side], rules);

export function fence(world: World, of: number, { oldOwner, newEpoch }: Order, rules: Rules): Done {
  return on(world, of, oldOwner, raiseFence(rowOf(world, of, oldOwner, rules), newEpoch));
}

/** The lock of the fence waits for transactions that have written. */
export const fenceCanBeRaised = ({ stray }: World, of: number, { oldOwner }: Order): boolean =>
  stray?.of !== of || stray.side !== oldOwner;

export function lift(world: World, of: number, { oldOwner, epoch, newEpoch }: Order, rules: Rules): Done {
  return on(world, of, oldOwner, becomeOwner(rowOf(world, of, oldOwner, rules), epoch, newEpoch));
}

export function letOldFollow(world: World, of: number, { oldOwner, newEpoch }: Order, rules: Rules): Done {
  return on(world, of, oldOwner, becomeFollower(rowOf(world, of, oldOwner, rules), newEpoch));
}

export function letNewOwn(world: World, of: number, { oldOwner, newEpoch }: Order, rules: Rules): Done {
  const newOwner = otherSide(oldOwner);
  return on(world, of, newOwner, becomeOwner(rowOf(world, of, newOwner, rules), newEpoch, newEpoch));
}

/** Carries over all that is committed at the old owner now. */
export function drain(world: World, of: number, { oldOwner, epoch }: Order, rules: Rules): Done {
  return apply(world, of, otherSide(oldOwner), memberAt(world, of)[oldOwner].has, epoch, rules);
}

/** Marks let nothing go back to an older value, whoever comes late. */
function apply(world: World, of: number, to: Side, upTo: number, epoch: number, rules: Rules): Done {
  const target = memberAt(world, of)[to];
  if (rules.checksEpochs && !takesChanges(target, epoch)) return null;
  const row: DataSide = { ...target, has: Math.max(target.has, upTo) };
  return on(world, of, to, row);
}

/** A write reaches a database: committed and acknowledged, or refused by the fence. */
export function commit(world: World, of: number, side: Side): { next: World; wrong?: string } | null {
  const member = memberAt(world, of);
  if (!takesWrites(member[side])) return null;
  return written(world, of, side);
}

/** A side has taken a write; it must have had all that were acknowledged before. */
function written(world: World, of: number, side: Side): { next: World; wrong?: string } {
  const member = memberAt(world, of);
  const commits = member.commits + 1;
  const next = put(world, of, { commits, [side]: { ...member[side], has: commits } });
  if (member[side].has === member.commits) return { next };
  return {
    next,
    wrong: `the ${side} takes a write without having the one before, which was acknowledged: a write is lost`,
  };
}

/** Transactions past all proxies: they write, which a fence refuses, and they end when they like. */
export function strays(world: World): Action[] {
  if (world.stray !== null) {
    const { of, side } = world.stray;
    const what = `the transaction past the proxies commits on the ${side}`;
    const done = written({ ...world, stray: null }, of, side);
    if (takesWrites(memberAt(world, of)[side])) return [{ what, ...done }];
    return [{ what, next: done.next, wrong: `a write was made on the fenced ${side}` }];
  }
  if (world.left.strays === 0) return [];
  const left = { ...world.left, strays: world.left.strays - 1 };
  return world.members.flatMap((member, of) =>
    SIDES.filter((side) => takesWrites(member[side])).map((side) => ({
      what: `somebody writes past the proxies on the ${side}, in a transaction that stays open`,
      next: { ...world, stray: { of, side }, left },
    })),
  );
}

/** A sync process reads what the owner has, and applies it some time later. */
export function relay(world: World, rules: Rules): Action[] {
  const { batch, journal, members, left } = world;
  if (batch !== null) {
    const { of, to, upTo, epoch } = batch;
    const applied = apply(world, of, to, upTo, epoch, rules);
    const next = { ...(applied ?? world), batch: null };
    const how = applied ? 'applies' : 'is refused to apply';
    const wrong =
      applied && takesWrites(memberAt(world, of)[to])
        ? { wrong: `changes of epoch ${epoch} were applied to the ${to}, which takes writes itself` }
        : {};
    return [{ what: `the sync process ${how} what it had read in epoch ${epoch}`, next, ...wrong }];
  }
  if (left.batches === 0) return [];
  return members.flatMap((member, of) => {
    const { owner, epoch } = standsAt(journal, journal.length, of);
    const to = otherSide(owner);
    const upTo = member[owner].has;
    if (member[to].has >= upTo) return [];
    const next = { ...world, batch: { of, to, upTo, epoch }, left: { ...left, batches: left.batches - 1 } };
    return [{ what: `the sync process reads what the ${owner} has written`, next }];
  });
}
