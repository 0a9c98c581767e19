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
import type { DataSide, Order, World } from './world.ts';
import { standsAt } from './world.ts';

const SIDES = ['monolith', 'service'] as const;

/** What came of a statement: null when the database refused it. */
type Done = World | null;

const on = (world: World, side: Side, row: SideRow | null): Done =>
  row && { ...world, sides: { ...world.sides, [side]: { ...world.sides[side], ...row } } };

/** A database that lost its memory of epochs does as it is told. */
const forgetful = (row: SideRow, rules: Rules): SideRow =>
  rules.checksEpochs ? row : { ...row, epoch: 0, attempt: 0 };

export function fence(world: World, { oldOwner, newEpoch }: Order, rules: Rules): Done {
  return on(world, oldOwner, raiseFence(forgetful(world.sides[oldOwner], rules), newEpoch));
}

/** The lock of the fence waits for transactions that have written. */
export const fenceCanBeRaised = (world: World, { oldOwner }: Order): boolean => world.stray !== oldOwner;

export function lift(world: World, { oldOwner, epoch, newEpoch }: Order, rules: Rules): Done {
  return on(world, oldOwner, becomeOwner(forgetful(world.sides[oldOwner], rules), epoch, newEpoch));
}

export function letOldFollow(world: World, { oldOwner, newEpoch }: Order, rules: Rules): Done {
  return on(world, oldOwner, becomeFollower(forgetful(world.sides[oldOwner], rules), newEpoch));
}

export function letNewOwn(world: World, { oldOwner, newEpoch }: Order, rules: Rules): Done {
  const newOwner = otherSide(oldOwner);
  return on(world, newOwner, becomeOwner(forgetful(world.sides[newOwner], rules), newEpoch, newEpoch));
}

/** Carries over all that is committed at the old owner now. */
export function drain(world: World, { oldOwner, epoch }: Order, rules: Rules): Done {
  return apply(world, otherSide(oldOwner), world.sides[oldOwner].has, epoch, rules);
}

/** Marks let nothing go back to an older value, whoever comes late. */
function apply(world: World, to: Side, upTo: number, epoch: number, rules: Rules): Done {
  const target = world.sides[to];
  if (rules.checksEpochs && !takesChanges(target, epoch)) return null;
  const row: DataSide = { ...target, has: Math.max(target.has, upTo) };
  return on(world, to, row);
}

/** A write reaches a database: committed and acknowledged, or refused by the fence. */
export function commit(world: World, side: Side): { next: World; wrong?: string } | null {
  const target = world.sides[side];
  if (!takesWrites(target)) return null;
  const commits = world.commits + 1;
  const sides = { ...world.sides, [side]: { ...target, has: commits } };
  const next = { ...world, commits, sides };
  if (target.has === world.commits) return { next };
  return {
    next,
    wrong: `the ${side} takes a write without having the one before, which was acknowledged: a write is lost`,
  };
}

/** Transactions past all proxies: they write, which a fence refuses, and they end when they like. */
export function strays(world: World): Action[] {
  if (world.stray !== null) {
    const side = world.stray;
    const target = world.sides[side];
    const commits = world.commits + 1;
    const what = `the transaction past the proxies commits on the ${side}`;
    const next = { ...world, stray: null, commits };
    const sides = { ...world.sides, [side]: { ...target, has: commits } };
    if (!takesWrites(target))
      return [{ what, next: { ...next, sides }, wrong: `a write was made on the fenced ${side}` }];
    const wrong =
      target.has === world.commits
        ? {}
        : {
            wrong: `the ${side} takes a write without having the one before, which was acknowledged: a write is lost`,
          };
    return [{ what, next: { ...next, sides }, ...wrong }];
  }
  if (world.left.strays === 0) return [];
  return SIDES.filter((side) => takesWrites(world.sides[side])).map((side) => ({
    what: `somebody writes past the proxies on the ${side}, in a transaction that stays open`,
    next: { ...world, stray: side, left: { ...world.left, strays: world.left.strays - 1 } },
  }));
}

/** A sync process reads what the owner has, and applies it some time later. */
export function relay(world: World, rules: Rules): Action[] {
  const { batch, journal, sides, left } = world;
  if (batch !== null) {
    const applied = apply(world, batch.to, batch.upTo, batch.epoch, rules);
    const next = { ...(applied ?? world), batch: null };
    const how = applied ? 'applies' : 'is refused to apply';
    const wrong =
      applied && takesWrites(sides[batch.to])
        ? {
            wrong: `changes of epoch ${batch.epoch} were applied to the ${batch.to}, which takes writes itself`,
          }
        : {};
    return [{ what: `the sync process ${how} what it had read in epoch ${batch.epoch}`, next, ...wrong }];
  }
  if (left.batches === 0) return [];
  const { owner, epoch } = standsAt(journal);
  const to = otherSide(owner);
  const upTo = sides[owner].has;
  if (sides[to].has >= upTo) return [];
  const next = { ...world, batch: { to, upTo, epoch }, left: { ...left, batches: left.batches - 1 } };
  return [{ what: `the sync process reads what the ${owner} has written`, next }];
}
