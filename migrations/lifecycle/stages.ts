/** The words of a migration's life. Everything else is derived from them. */
export type Stage = 'legacy' | 'dual-write' | 'shadow' | 'canary' | 'extracted' | 'retired';
export type Verb = 'sync' | 'shadow' | 'canary' | 'cutover' | 'rollback' | 'retire';

export { otherSide } from '../mapping/side.ts';
export type { Side } from '../mapping/side.ts';

/** Stages in which both databases are kept in step. */
export const isSynced = (stage: Stage): boolean => stage !== 'legacy' && stage !== 'retired';

/**
 * The allowed moves, all of them. A rollback from `extracted` leads to `shadow` and not to `canary`: who takes
 * writes back wants no reads left on the other side either.
 */
export const ALLOWED_MOVES: Readonly<Record<Verb, Partial<Record<Stage, Stage>>>> = {
  sync: { legacy: 'dual-write' },
  shadow: { 'dual-write': 'shadow' },
  canary: { shadow: 'canary', canary: 'canary' },
  cutover: { shadow: 'extracted', canary: 'extracted' },
  rollback: { 'dual-write': 'legacy', shadow: 'dual-write', canary: 'shadow', extracted: 'shadow' },
  retire: { extracted: 'retired' },
};

const USUAL_NEXT: Readonly<Record<Stage, Verb | null>> = {
  legacy: 'sync',
  'dual-write': 'shadow',
  shadow: 'canary',
  canary: 'cutover',
  extracted: 'retire',
  retired: null,
};

/** The move that a migration at this stage would usually take next. */
export const nextVerb = (stage: Stage): Verb | null => USUAL_NEXT[stage];

/** Whether the move changes the owner, and therefore goes by the cutover protocol. */
export const changesOwner = (verb: Verb, from: Stage): boolean =>
  verb === 'cutover' || (verb === 'rollback' && from === 'extracted');
