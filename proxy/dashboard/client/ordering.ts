import { signal } from '@preact/signals';
import type { Verb } from '../facts/stages.ts';

/** A move that somebody thinks of ordering. */
export interface Ordering {
  migration: string;
  verb: Verb;
}

/** The move whose plan is shown; null when none is. */
export const ordering = signal<Ordering | null>(null);

/** Shows what a move would do, and asks. */
export function order(one: Ordering): void {
  ordering.value = one;
}
