import type { JournalEntry as Journaled } from '../../migrations/lifecycle/journal.ts';
import type { JournalEntry } from '../../proxy/control/lifecycle.ts';

/** An entry of the journal in the API's words. */
export function toApiEntry(entry: Journaled): JournalEntry {
  const { seq, at, migration, kind, epoch, actor, reason, evidence, hash, decision } = entry;
  const { kind: _, ...facts } = decision;
  return { seq, at, migration, kind, epoch, actor, reason, evidence: { ...facts, seen: evidence }, hash };
}
