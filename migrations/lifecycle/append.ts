import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { JournalConflictError } from './errors.ts';
import type { Decision, JournalEntry } from './journal.ts';
import { GENESIS_HASH, hashOf } from './journal.ts';
import { storable } from './storable.ts';

/** A decision about to be journaled. */
export interface NewEntry {
  migration: string;
  decision: Decision;
  epoch: number;
  actor: string;
  reason: string | null;
  evidence: unknown;
}

/** A decision, and the newest entry of its migration that whoever decides knows of. */
export interface ExpectedEntry {
  entry: NewEntry;
  expectedSeq: number;
}

/** An entry as the database gives it. */
export interface EntryRow {
  seq: string;
  at: string;
  migration: string;
  kind: Decision['kind'];
  decision: Decision;
  epoch: string;
  actor: string;
  reason: string | null;
  evidence: unknown;
  previous_hash: string;
  hash: string;
}

/** What there is before an entry, read in one go; nulls in an empty journal. */
interface Before {
  now: Date;
  newest: EntryRow | null;
  last: { seq: number; hash: string } | null;
}

/**
 * Appends a decision; the caller holds the lock on the journal.
 *
 * @throws JournalConflictError when the migration's newest entry is not `expectedSeq` and says something else
 */
export async function appendLocked(
  client: pg.PoolClient,
  entry: NewEntry,
  expectedSeq: number,
): Promise<JournalEntry> {
  const {
    rows: [before],
  } = await client.query<Before>(
    `SELECT clock_timestamp() AS now,
       (SELECT to_jsonb(j) FROM strangler_control.journal j WHERE migration = $1 ORDER BY seq DESC LIMIT 1) AS newest,
       (SELECT to_jsonb(j) FROM (SELECT seq, hash FROM strangler_control.journal ORDER BY seq DESC LIMIT 1) j) AS last`,
    [entry.migration],
  );
  const found = before?.newest && toEntry(before.newest);
  if (found && found.seq !== expectedSeq) {
    if (isSameWord(found, entry)) return found;
    throw new JournalConflictError(entry.migration, found);
  }
  const unhashed = {
    ...entry,
    seq: Number(before?.last?.seq ?? 0) + 1,
    // Another process counts from it how long a step of a ramp took.
    at: (before?.now ?? new Date()).toISOString(),
    kind: entry.decision.kind,
    evidence: JSON.parse(storable(entry.evidence)) as unknown,
    previousHash: before?.last?.hash ?? GENESIS_HASH,
  };
  const written = { ...unhashed, hash: hashOf(unhashed) };
  await client.query(
    `INSERT INTO strangler_control.journal VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      written.seq,
      written.at,
      written.migration,
      written.kind,
      JSON.stringify(written.decision),
      written.epoch,
      written.actor,
      written.reason,
      JSON.stringify(written.evidence),
      written.previousHash,
      written.hash,
    ],
  );
  return written;
}

/** Steps of a change of owner are told apart by their epoch; others share one, so there the whole decision counts. */
function isSameWord(found: JournalEntry, { decision, epoch, actor }: NewEntry): boolean {
  if (found.kind !== decision.kind || found.epoch !== epoch || found.actor !== actor) return false;
  const said = JSON.parse(JSON.stringify(decision)) as unknown;
  const isToldByEpoch = !['stage-changed', 'skipped', 'field-ignored', 'field-compared'].includes(
    decision.kind,
  );
  return isToldByEpoch || isDeepStrictEqual(found.decision, said);
}

/** What the database gives as numbers in text becomes numbers. */
export function toEntry(row: EntryRow): JournalEntry {
  const { previous_hash: previousHash, ...rest } = row;
  return { ...rest, seq: Number(row.seq), epoch: Number(row.epoch), previousHash };
}
