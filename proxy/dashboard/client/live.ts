import { batch, computed, effect, signal } from '@preact/signals';
import { freshness, type Signs } from '../facts/freshness.ts';
import { applied, type Migration } from '../stream/changes.ts';
import type { News, ToFollower } from '../stream/messages.ts';
import { noteJournal } from './journal.ts';
import { session } from './session.ts';

export type { Migration };

/** Where every migration stands, as far as this page knows. */
export const migrations = signal<Migration[]>([]);
/** The time, a second at a time: ages are counted from it. */
export const now = signal(Date.now());

/** The newest steps of changes of owner, oldest first, as they came while the page was open. */
export const steps = signal<readonly News['steps'][number][]>([]);
const STEPS_KEPT = 200;

const signs = signal<Signs>({ link: 'connecting', signAt: 0, statusAt: 0, trouble: '' });
/** Whether the control API wants to know who asks before it says more. */
export const isLocked = computed(() => signs.value.link === 'locked' || session.value?.isSignedIn === false);
export const fresh = computed(() => {
  const known: Signs = isLocked.value ? { ...signs.value, link: 'locked' } : signs.value;
  return freshness(known, Math.max(now.value, known.signAt));
});

/** Follows the control API as long as the page is open; news come once a frame at most. */
export function startFollowing(): void {
  const worker = new Worker(new URL('./follow-worker.ts', import.meta.url), { type: 'module' });
  const tell = (message: ToFollower): void => worker.postMessage(message);
  worker.addEventListener('message', ({ data }: MessageEvent<News>) => {
    batch(() => {
      if (data.changes) migrations.value = applied(migrations.value, data.changes);
      signs.value = data.signs;
      noteJournal(data);
      if (data.steps.length > 0) steps.value = [...steps.value, ...data.steps].slice(-STEPS_KEPT);
    });
    requestAnimationFrame(() => tell({ kind: 'ready' }));
  });
  effect(() => {
    if (session.value?.isSignedIn) tell({ kind: 'signed-in' });
  });
  tell({ kind: 'ready' });
  setInterval(() => (now.value = Date.now()), 1000);
}

export function migrationNamed(name: string): Migration | undefined {
  return migrations.value.find((one) => one.name === name);
}
