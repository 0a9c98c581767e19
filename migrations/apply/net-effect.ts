import type { Change } from '../databases/database.ts';

/**
 * What is left of a batch when only its end counts: the newest change of each key, in the order of these, and before
 * them the deletion of each key that was gone in between, so that nothing of the row before outlives it. Nobody sees
 * what lies between, because a batch is applied in one transaction. Pure.
 *
 * @param changes without truncations, in their order
 */
export function netEffectOf(changes: readonly Change[]): { gone: Change[]; there: Change[] } {
  const last = new Map<string, Change>();
  const gone = new Map<string, Change>();
  for (const change of changes) {
    const slot = `${change.table} ${change.key}`;
    last.delete(slot);
    last.set(slot, change);
    if (change.op === 'delete') gone.set(slot, change);
  }
  return { gone: [...gone.values()], there: [...last.values()].filter(({ op }) => op === 'upsert') };
}
