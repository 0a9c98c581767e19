import { effect, signal } from '@preact/signals';

const TOKEN = 'strangler-token';
const ACTOR = 'strangler-actor';

/** Kept in this tab only, until the tab is closed. */
export const token = signal<string | null>(sessionStorage.getItem(TOKEN));

/** Who asks, for the journal. */
export const actor = signal<string>(localStorage.getItem(ACTOR) ?? '');

effect(() => {
  if (token.value === null) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token.value);
});

effect(() => localStorage.setItem(ACTOR, actor.value));
