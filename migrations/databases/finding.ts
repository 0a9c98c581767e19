import { UnreachableDatabaseError } from './errors.ts';

/** Something that a person should know of before a sync begins, or while it runs. */
export interface Finding {
  /** Names the check; does not change. */
  id: string;
  /** An error stands in the way of a sync. */
  severity: 'error' | 'warning';
  /** Which database, table or setting. */
  subject: string;
  message: string;
  /** What to do. */
  advice: string;
}

/** What a database is examined for. */
export interface ExamineQuestion {
  /** The migrated tables of this side. */
  tables: readonly string[];
  /** Those whose changes are to be captured from the log. */
  replicated: readonly string[];
}

const CLOCK_SECONDS = 2;

/** A row of a catalog query, as text. */
export type Seen = Readonly<Record<string, string | null>>;

/** One thing that can be wrong, and how a person is told. Each row that the statement returns is a finding. */
export interface Check {
  id: string;
  severity: Finding['severity'];
  /** Dialect SQL; its columns are what `message` and `advice` take. `subject` is one of them where it is no setting. */
  sql: string;
  message: (seen: Seen) => string;
  advice: (seen: Seen) => string;
  /** True where it is the refusal of the statement that is the finding. */
  isRefusal?: boolean;
}

/**
 * Asks one after the other: whoever works in this database comes first. What may not be asked is told too.
 *
 * @param clockSql gives `now`, the server's time in milliseconds since 1970
 * @throws UnreachableDatabaseError
 */
export async function examineWith(
  label: string,
  checks: readonly Check[],
  clockSql: string,
  run: (sql: string) => Promise<Seen[]>,
): Promise<Finding[]> {
  const findings = await lookAtClock(label, clockSql, run);
  for (const { id, severity, sql, message, advice, isRefusal = false } of checks) {
    try {
      for (const seen of await run(sql)) {
        const subject = seen['subject'] ? `${label}: ${seen['subject']}` : label;
        findings.push({ id, severity, subject, message: message(seen), advice: advice(seen) });
      }
    } catch (error) {
      if (error instanceof UnreachableDatabaseError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      const refused = { message: message({ why }), advice: advice({ why }) };
      findings.push(
        isRefusal
          ? { id, severity, subject: label, ...refused }
          : {
              ...{ id, severity: 'warning', subject: label, message: `cannot be looked at: ${why}` },
              advice: 'give the user the right to read the catalog',
            },
      );
    }
  }
  return findings;
}

/** The time that an answer takes is no difference. */
async function lookAtClock(
  label: string,
  sql: string,
  run: (sql: string) => Promise<Seen[]>,
): Promise<Finding[]> {
  const asked = Date.now();
  const [seen] = await run(sql);
  const now = Number(seen?.['now'] ?? asked);
  const off = Math.max(asked - now, now - Date.now(), 0) / 1000;
  if (off < CLOCK_SECONDS) return [];
  const message = `its clock is ${off.toFixed(1)} s away from this machine's: times that are shown do not fit together`;
  return [{ id: 'clock', severity: 'warning', subject: label, message, advice: 'keep both clocks by NTP' }];
}
