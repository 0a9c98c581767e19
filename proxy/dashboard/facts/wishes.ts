import type { components } from '../../control/api.gen.ts';
import type { Verb } from './stages.ts';

/** What a person chooses about a move before it is ordered. */
export interface Wishes {
  /** Share of reads in percent; only for a canary without a ramp. */
  weight: number;
  ramp: boolean;
  override: readonly string[];
  keepGuard: boolean;
  reason: string;
  /** For what has no way back. */
  sure: boolean;
}

/** The order that the control API takes. */
export function orderOf(verb: Verb, wishes: Wishes): components['schemas']['MoveOrder'] {
  const reason = wishes.reason.trim();
  return {
    verb,
    ...(verb === 'canary' && (wishes.ramp ? { ramp: true } : { weight: wishes.weight })),
    ...(verb === 'retire' && wishes.keepGuard && { keepGuard: true }),
    ...(wishes.override.length > 0 && { override: [...wishes.override] }),
    ...(reason !== '' && { reason }),
  };
}

/** Whether all is said that the move needs: who, why where a gate is overridden, and certainty where nothing leads back. */
export function isComplete(verb: Verb, wishes: Wishes, actor: string): boolean {
  if (actor.trim() === '') return false;
  if (wishes.override.length > 0 && wishes.reason.trim() === '') return false;
  if (verb === 'canary' && !wishes.ramp && !isWeight(wishes.weight)) return false;
  return verb !== 'retire' || wishes.sure;
}

function isWeight(value: number): boolean {
  return value >= 0 && value <= 100 && Math.abs(value * 10 - Math.round(value * 10)) < 1e-9;
}
