import type { Outcome } from '../../migrations/lifecycle/protocol.ts';
import type { Rules } from './action.ts';
import type { Coordinator, Said, World } from './world.ts';
import { standsAt } from './world.ts';

/** Never an epoch that somebody aimed at before. */
export function nextEpochAfter(journal: readonly Said[], epoch: number): number {
  return Math.max(epoch, ...journal.map((said) => said.epoch)) + 1;
}

const isSame = (a: Said | undefined, b: Said): boolean =>
  a?.kind === b.kind && a.epoch === b.epoch && a.actor === b.actor && a.of === b.of;

/** The journal takes an entry from who knows the newest one; who wrote that very entry before is told it is done. */
export function append(
  world: World,
  coordinator: Coordinator,
  said: Said,
  rules: Rules,
): { world: World; coordinator: Coordinator; outcome: Outcome } {
  const { journal } = world;
  const seq = journal.length;
  if (rules.journalExpects && coordinator.seq !== seq) {
    const newest = journal.at(-1);
    const wiser = { ...coordinator, seq };
    if (isSame(newest, said)) return { world, coordinator: wiser, outcome: { kind: 'done' } };
    const { change } = standsAt(journal);
    const found = change?.epoch === coordinator.order.newEpoch ? change.phase : 'over';
    const reason = `${newest?.actor} wrote "${newest?.kind}"`;
    return { world, coordinator: wiser, outcome: { kind: 'contradicted', found, reason } };
  }
  const next = { ...world, journal: [...journal, said] };
  return { world: next, coordinator: { ...coordinator, seq: seq + 1 }, outcome: { kind: 'done' } };
}
