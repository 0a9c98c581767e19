import { computed, effect, signal } from '@preact/signals';
import type { components } from '../../control/api.gen.ts';

const ACTOR = 'strangler-actor';

/** Who is signed in, and how one may; null before the control API has said it. */
export const session = signal<components['schemas']['Session'] | null>(null);

/** The name that somebody gave who has none from the control API. */
export const ownName = signal<string>(localStorage.getItem(ACTOR) ?? '');

/** Who asks, for the journal. */
export const actor = computed(() => session.value?.name ?? ownName.value);

/** Whether whoever is signed in may change something. */
export const mayOrder = computed(() => session.value?.role === 'operator');

effect(() => localStorage.setItem(ACTOR, ownName.value));
