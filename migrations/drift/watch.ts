import { setTimeout as pause } from 'node:timers/promises';
import type { Ground } from '../lifecycle/capability.ts';
import type { Drift } from './compare.ts';
import { driftInWords, driftOf } from './compare.ts';
import type { KeptShape } from './shape.ts';
import { readShape } from './shape.ts';

const EVERY_MS = 3000;

/** The tables were changed so that going on would alter data in silence. Nothing is lost: changes wait at the owner. */
class SchemaDriftError extends Error {
  readonly drift: readonly Drift[];
  constructor(drift: readonly Drift[]) {
    const stopping = drift.filter(({ effect }) => effect === 'stops');
    super(stopping.map((one) => `${driftInWords(one)}; ${one.advice}`).join('. '));
    this.name = 'SchemaDriftError';
    this.drift = drift;
  }
}

/**
 * Compares both sides' tables with the shape that the sync stands on.
 *
 * @throws SchemaDriftError when the sync must not go on
 */
export async function lookForDrift(ground: Ground, kept: KeptShape): Promise<Drift[]> {
  const drift = driftOf(kept, await readShape(ground));
  if (drift.some(({ effect }) => effect === 'stops')) throw new SchemaDriftError(drift);
  return drift;
}

/**
 * Looks for drift every three seconds until `signal` aborts.
 *
 * @param noticed called with what there is whenever that changes; the first time with what is not there yet
 */
export async function watchDrift(
  ground: Ground,
  kept: KeptShape,
  noticed: (drift: readonly Drift[]) => void,
  signal: AbortSignal,
): Promise<void> {
  let known = '[]';
  while (!signal.aborted) {
    const drift = await lookForDrift(ground, kept).catch((error: unknown) => {
      if (error instanceof SchemaDriftError) throw error;
      return null; // a database that is away says nothing about its schema
    });
    const spelled = drift ? JSON.stringify(drift) : known;
    if (drift && spelled !== known) noticed(drift);
    known = spelled;
    await pause(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
