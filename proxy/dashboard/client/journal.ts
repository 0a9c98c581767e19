import { effect, signal } from '@preact/signals';
import { answerOf, api, type Schemas } from './call.ts';
import { session } from './session.ts';
import type { News } from '../stream/messages.ts';

type Entry = Schemas['JournalEntry'];

/** What is kept of the journal here: more than anybody reads on a page. */
const KEPT = 1000;

/** The newest entries, oldest first; null before they were read. */
export const journal = signal<readonly Entry[] | null>(null);

/** What came before the journal was read. */
let early: Entry[] = [];
let isReading = false;
const PAUSE_MS = 2000;

/** Adds what came by the stream; reads anew where something may be missing. */
export function noteJournal({ journal: entries, isGap }: Pick<News, 'journal' | 'isGap'>): void {
  if (isGap) void read();
  const known = journal.value;
  if (known === null) early = [...early, ...entries].slice(-KEPT);
  if (entries.length === 0 || known === null) return;
  const newest = known.at(-1)?.seq ?? 0;
  const fresh = entries.filter(({ seq }) => seq > newest);
  if (fresh.length > 0) journal.value = [...known, ...fresh].slice(-KEPT);
}

async function read(): Promise<void> {
  if (isReading) return;
  isReading = true;
  try {
    const entries = await answerOf(api.GET('/v1/journal', { params: { query: { limit: KEPT } } }));
    const newest = entries.at(-1)?.seq ?? 0;
    // What came by the stream while this was read is newer than it.
    const since = (journal.value ?? early).filter(({ seq }) => seq > newest);
    journal.value = [...entries, ...since].slice(-KEPT);
  } catch {
    // Whether the control API answers, the stream says; the journal is worth another try.
    setTimeout(() => void read(), PAUSE_MS);
  } finally {
    isReading = false;
  }
}

/** Reads the journal as soon as somebody may. */
export function startReadingJournal(): void {
  effect(() => {
    if (session.value?.isSignedIn) void read();
  });
}
