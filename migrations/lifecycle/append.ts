import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
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

/** What there is before the entries, read in one go; nulls in an empty journal. */
interface Before {
  now: Date;
  /** The newest entry of each migration that has one. */
  newest: EntryRow[] | null;
  last: { seq: number; hash: string } | null;
}

const TOLD_WHOLE: ReadonlySet<Decision['kind']> = new Set<Decision['kind']>([
  'stage-changed',
  'skipped',
  'field-ignored',
  'field-compared',
  'cutover-started',
  'rollback-started',
]);

/** Begins the transaction, and keeps everybody else from appending until it ends. */
const LOCK = 'BEGIN; LOCK TABLE strangler_control.journal IN EXCLUSIVE MODE';

/**
 * Appends decisions in a transaction of their own: all of them, or none. Writes may be waiting for each answer, so the
 * store is asked twice and no oftener: what is there, and what comes.
 *
 * @param announce what else is done with the newest position, in the same transaction
 * @throws JournalConflictError when the newest entry of a migration is not the expected one and says something else
 */
export async function appendAt(
  client: pg.ClientBase,
  all: readonly ExpectedEntry[],
  announce: (seq: number) => string,
): Promise<JournalEntry[]> {
  try {
    const before = await readBefore(
      client,
      all.map(({ entry }) => entry.migration),
    );
    const { said, fresh } = follow(before, all);
    const [last] = fresh.slice(-1);
    await client.query(last ? `${insertSql(fresh)}; ${announce(last.seq)}; COMMIT` : 'COMMIT');
    return said;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function readBefore(client: pg.ClientBase, migrations: readonly string[]): Promise<Before> {
  const names = migrations.map((name) => pg.escapeLiteral(name)).join(', ');
  const results = (await client.query(
    `${LOCK};
     SELECT clock_timestamp() AS now,
       (SELECT jsonb_agg(to_jsonb(n)) FROM unnest(ARRAY[${names}]) AS m(name) CROSS JOIN LATERAL (
         SELECT * FROM strangler_control.journal WHERE migration = m.name ORDER BY seq DESC LIMIT 1) n) AS newest,
       (SELECT to_jsonb(j) FROM (SELECT seq, hash FROM strangler_control.journal ORDER BY seq DESC LIMIT 1) j) AS last`,
  )) as unknown as pg.QueryResult<Before>[];
  const before = results.at(-1)?.rows[0];
  if (!before) throw new Error('the store does not say what is in its journal');
  return before;
}

/** What was said already stays as it is, under its number; the rest goes on from the newest entry. */
function follow(
  { now, newest, last }: Before,
  all: readonly ExpectedEntry[],
): { said: JournalEntry[]; fresh: JournalEntry[] } {
  const fresh: JournalEntry[] = [];
  const said = all.map(({ entry, expectedSeq }) => {
    const row = newest?.find(({ migration }) => migration === entry.migration);
    const found = row && toEntry(row);
    if (found && found.seq !== expectedSeq) {
      if (isSameWord(found, entry)) return found;
      throw new JournalConflictError(entry.migration, found);
    }
    const before = fresh.at(-1) ?? last;
    // Another process counts from `at` how long a step of a ramp took.
    const written = sealed(entry, Number(before?.seq ?? 0) + 1, now.toISOString(), before?.hash);
    fresh.push(written);
    return written;
  });
  return { said, fresh };
}

function sealed(entry: NewEntry, seq: number, at: string, previousHash: string = GENESIS_HASH): JournalEntry {
  const unhashed = {
    ...entry,
    seq,
    at,
    kind: entry.decision.kind,
    decision: JSON.parse(JSON.stringify(entry.decision)) as Decision,
    evidence: JSON.parse(storable(entry.evidence)) as unknown,
    previousHash,
  };
  return { ...unhashed, hash: hashOf(unhashed) };
}

function insertSql(entries: readonly JournalEntry[]): string {
  const text = (value: string | null): string => (value === null ? 'NULL' : pg.escapeLiteral(value));
  const rows = entries.map((entry) =>
    [
      entry.seq,
      text(entry.at),
      text(entry.migration),
      text(entry.kind),
      text(JSON.stringify(entry.decision)),
      entry.epoch,
      text(entry.actor),
      text(entry.reason),
      text(JSON.stringify(entry.evidence)),
      text(entry.previousHash),
      text(entry.hash),
    ].join(', '),
  );
  return `INSERT INTO strangler_control.journal VALUES (${rows.join('), (')})`;
}

/**
 * What follows the beginning of a change of owner is told apart by its epoch. The beginning is told by its run, and other
 * moves share an epoch, so there the whole decision counts.
 */
function isSameWord(found: JournalEntry, { decision, epoch, actor }: NewEntry): boolean {
  if (found.kind !== decision.kind || found.epoch !== epoch || found.actor !== actor) return false;
  const said = JSON.parse(JSON.stringify(decision)) as unknown;
  return !TOLD_WHOLE.has(decision.kind) || isDeepStrictEqual(found.decision, said);
}

/** What the database gives as numbers in text becomes numbers. */
export function toEntry(row: EntryRow): JournalEntry {
  const { previous_hash: previousHash, ...rest } = row;
  return { ...rest, seq: Number(row.seq), epoch: Number(row.epoch), previousHash };
}
