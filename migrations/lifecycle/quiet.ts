import { durationInWords } from './duration.ts';
import type { Gate } from './gate.ts';
import { result } from './gate.ts';

/** Beginning of the names of reports that say how quiet the monolith has been. */
export const QUIET = 'quiet:';

/** What the monolith still got of a migration that has left it, as far as anybody can see. Kept in the store. */
export interface QuietRecord {
  /** Of the change of owner that it is counted from. */
  epoch: number;
  /** ISO time from which on it was looked at. */
  since: string;
  /** The newest thing that should not have happened any more; null when there was none. */
  last: { at: string; what: string } | null;
  /** Requests to the monolith by proxy, as last seen: the counts of a proxy begin with its start. */
  requests: Readonly<Record<string, number>>;
  /** Writes that the fence refused; null where nobody counts them. */
  refused: number | null;
}

/** What is to be seen now. */
export interface QuietLook {
  epoch: number;
  requests: Readonly<Record<string, number>>;
  /** Null also when the database could not be asked. */
  refused: number | null;
}

/**
 * Goes on with a record: what has grown since the last look has happened until now. Counts grow also while nobody
 * looks, so nothing is missed between two looks, however far apart.
 *
 * @param at ISO time of the look
 */
export function lookOnce(before: QuietRecord | null, seen: QuietLook, at: string): QuietRecord {
  if (before?.epoch !== seen.epoch) return { ...seen, since: at, last: null };
  const asked = Object.entries(seen.requests)
    .map(([proxy, count]) => count - (before.requests[proxy] ?? 0))
    .reduce((sum, grown) => sum + Math.max(0, grown), 0);
  const refused = Math.max(0, (seen.refused ?? 0) - (before.refused ?? seen.refused ?? 0));
  const what = [
    ...(asked > 0 ? [`${asked} requests reached the monolith`] : []),
    ...(refused > 0 ? [`the fence refused ${refused} writes that passed no proxy`] : []),
  ].join(', ');
  return {
    ...before,
    requests: seen.requests,
    refused: seen.refused ?? before.refused,
    last: what === '' ? before.last : { at, what },
  };
}

/** What the gate judges. */
export interface QuietEvidence {
  seconds: number;
  last: QuietRecord['last'];
  countsRefusals: boolean;
}

/** What a record says now; null when it is of another change of owner, or there is none. */
export function quietEvidence(
  record: QuietRecord | undefined,
  epoch: number,
  now: number,
): QuietEvidence | null {
  if (!record || record.epoch !== epoch) return null;
  const { since, last, refused } = record;
  const seconds = Math.max(0, (now - Date.parse(last?.at ?? since)) / 1000);
  return { seconds, last, countsRefusals: refused !== null };
}

/** Nobody has used the monolith's routes or tables of the migration for long enough. */
export const quiet: Gate = ({ quiet: seen }, { retireQuietMs = 0 }) =>
  result(
    'quiet',
    (seen?.seconds ?? -1) * 1000 >= retireQuietMs,
    seen ? quietInWords(seen) : 'not looked at yet',
    `for ${durationInWords(retireQuietMs)}`,
    'find out who still asks the monolith or writes to its tables (its log names the refused writes), move them, and wait; or say `gates.retire.quietFor`',
  );

function quietInWords({ seconds, last, countsRefusals }: QuietEvidence): string {
  const since = `for ${durationInWords(seconds * 1000)}`;
  const refusals = countsRefusals ? '' : ' (refused writes are not counted in this database)';
  return (last ? `${since}: before that, ${last.what}` : `${since}, since it is looked at`) + refusals;
}
