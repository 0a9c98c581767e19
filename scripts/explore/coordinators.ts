import { nextEpochAfter } from './journal.ts';
import { oldOwnerOf } from '../../migrations/lifecycle/fold.ts';
import type { ChangeState, Effect, Outcome } from '../../migrations/lifecycle/protocol.ts';
import { begin, resumeFrom, step } from '../../migrations/lifecycle/protocol.ts';
import type { Action, Rules } from './action.ts';
import { withFault } from './action.ts';
import type { Done } from './effects.ts';
import { carryOut, isReady } from './effects.ts';
import type { Coordinator, Order, World } from './world.ts';
import { standsAt } from './world.ts';

const AT_ONCE = 2;
/** Their time is limited; what they wait for may not come. */
const BOUNDED: readonly (Effect | null)[] = ['await-held', 'raise-fence', 'drain', 'settle'];
/** What goes on in a database though nobody waits for it any more. */
const OUTLIVES: readonly (Effect | null)[] = ['raise-fence', 'drain', 'open', 'lift'];
const LATE: Outcome = { kind: 'failed', reason: 'it took too long', late: true };
const LOST: Outcome = { kind: 'failed', reason: 'no answer came', late: false };

/** Coordinators that are at work, each with all that may become of its next step. */
export function coordinators(world: World, rules: Rules): Action[] {
  return [...world.coordinators.flatMap((each) => going(world, each, rules)), ...starting(world)];
}

function going(world: World, coordinator: Coordinator, rules: Rules): Action[] {
  const { change, actor } = coordinator;
  const { doing } = change;
  if (doing === null) return [];
  const actions: Action[] = [];
  const ready = isReady(world, coordinator, doing);
  if (ready) {
    const done = carryOut(world, coordinator, doing, rules);
    actions.push({ what: `${actor}: ${told(doing, done.outcome)}`, next: after(done, change, rules) });
  }
  const faulty = withFault(world);
  if (BOUNDED.includes(doing) && (!ready || faulty)) {
    const given = ready && faulty ? faulty : world;
    const next = after({ world: given, coordinator, outcome: LATE }, change, rules);
    actions.push({
      what: `${actor}: ${doing} does not end in time`,
      next,
      ...(ready ? { isFault: true as const } : {}),
    });
  }
  return faulty ? [...actions, ...faults(faulty, coordinator, doing, ready, rules)] : actions;
}

function faults(
  world: World,
  coordinator: Coordinator,
  doing: Effect,
  ready: boolean,
  rules: Rules,
): Action[] {
  const { change, actor, order, at } = coordinator;
  const gone = replace(world, coordinator, null);
  const actions: Action[] = [{ what: `${actor} is killed before "${doing}"`, next: gone, isFault: true }];
  if (ready && !BOUNDED.includes(doing)) {
    const done = carryOut(world, coordinator, doing, rules);
    if (done.outcome.kind === 'done') {
      const next = after({ world: done.world, coordinator, outcome: LOST }, change, rules);
      actions.push({ what: `${actor}: ${doing} is done, but the answer is lost`, next, isFault: true });
    }
  }
  if (OUTLIVES.includes(doing) && world.late.length === 0) {
    const late = [{ effect: doing, order, at }];
    actions.push({
      what: `${actor} is killed while "${doing}" is on its way`,
      next: { ...gone, late },
      isFault: true,
    });
    const next = after({ world: { ...world, late }, coordinator, outcome: LATE }, change, rules);
    actions.push({
      what: `${actor} gives up waiting for "${doing}", which is still on its way`,
      next,
      isFault: true,
    });
  }
  return actions;
}

const told = (doing: Effect, outcome: Outcome): string =>
  outcome.kind === 'done' ? doing : `${doing} is ${outcome.kind}: ${outcome.reason}`;

/** What the protocol says comes next. Whoever has nothing more to do, or is refused what must not be given up, goes. */
function after({ world, coordinator, outcome }: Done, before: ChangeState, rules: Rules): World {
  // The other statements of the effect are still to come.
  if (coordinator.at > 0 && outcome.kind === 'done') return replace(world, coordinator, coordinator);
  const change = step(before, outcome, rules.chain);
  const at = change.doing === before.doing ? coordinator.at : 0;
  const isStuck =
    outcome.kind === 'failed' && !outcome.late && change.doing === before.doing && outcome !== LOST;
  const wiser = { ...coordinator, at, change: { ...change, reason: null } };
  return replace(world, coordinator, change.doing === null || isStuck ? null : wiser);
}

const isSame = (a: Coordinator, b: Coordinator): boolean => a.actor === b.actor;

function replace(world: World, old: Coordinator, by: Coordinator | null): World {
  const others = world.coordinators.filter((each) => !isSame(each, old));
  return { ...world, coordinators: by ? [...others, by] : others };
}

/** A person orders a change, or a process takes on what was cut off; also while another one is at work on it. */
function starting(world: World): Action[] {
  if (world.coordinators.length >= AT_ONCE) return [];
  const state = standsAt(world.journal);
  const { change, epoch, owner, stage, seq } = state;
  if (change) {
    const actor = 'a second coordinator';
    if (world.left.takeovers === 0 || world.coordinators.some((each) => each.actor === actor)) return [];
    const order: Order = {
      verb: change.verb,
      epoch: change.phase === 'owner-changed' ? change.epoch - 1 : epoch,
      newEpoch: change.epoch,
      oldOwner: oldOwnerOf(state),
    };
    const resumed: Coordinator = {
      actor,
      order,
      seq,
      change: { ...resumeFrom(change.phase), reason: null },
      at: 0,
    };
    const what = `${actor} takes on the ${change.verb} that the journal shows as "${change.phase}"`;
    const left = { ...world.left, takeovers: world.left.takeovers - 1 };
    return [{ what, next: { ...world, left, coordinators: [...world.coordinators, resumed] } }];
  }
  if (world.left.orders === 0) return [];
  const actor = ['ann', 'ben'].find((name) => !world.coordinators.some((each) => each.actor === name));
  if (actor === undefined) return [];
  const verb = stage === 'extracted' ? 'rollback' : 'cutover';
  const order: Order = { verb, epoch, newEpoch: nextEpochAfter(world.journal, epoch), oldOwner: owner };
  const left = { ...world.left, orders: world.left.orders - 1 };
  const fresh: Coordinator = { actor, order, seq, change: begin(), at: 0 };
  const coordinating = [...world.coordinators, fresh];
  return [{ what: `${actor} orders a ${verb}`, next: { ...world, left, coordinators: coordinating } }];
}
