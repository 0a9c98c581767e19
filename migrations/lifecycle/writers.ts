import type { Writer } from '../databases/database.ts';
import type { Gate } from './gate.ts';
import { fewOf, result } from './gate.ts';

/** Beginning of the names of reports that say who was seen writing to the owner's tables. */
export const WRITERS = 'writers:';

const MOST_KEPT = 50;
const KEPT_MS = 31 * 24 * 3_600_000;

/** Who was seen writing to the monolith's tables, by samples. Kept in the store. */
export interface WritersRecord {
  /** ISO time of the first sample. */
  since: string;
  /** The newest first. */
  seen: SeenWriter[];
}

export interface SeenWriter extends Writer {
  /** ISO time of the last sample that had it. */
  at: string;
}

/** Which writers the team knows of, and how far back is looked. */
export interface StrayWritersSettings {
  /** Names of database users or applications; nothing is judged without any. */
  expected?: readonly string[] | undefined;
  withinMinutes: number;
}

/** Adds a sample to what was seen before. */
export function addSample(before: WritersRecord | null, found: readonly Writer[], at: string): WritersRecord {
  const isFound = ({ user, application }: Writer): boolean =>
    found.some((one) => one.user === user && one.application === application);
  const oldest = new Date(Date.parse(at) - KEPT_MS).toISOString();
  const others = (before?.seen ?? []).filter((one) => !isFound(one) && one.at > oldest);
  const seen = [...found.map(({ user, application }) => ({ user, application, at })), ...others];
  return { since: before?.since ?? at, seen: seen.slice(0, MOST_KEPT) };
}

/** Nobody but who is expected was seen writing to the tables past the proxies: the cutover will refuse them. */
export const strayWriters: Gate = ({ writers, now }, { strayWriters: settings }) => {
  const { expected, withinMinutes } = settings ?? { withinMinutes: 60 };
  const from = now - withinMinutes * 60_000;
  const lately = (writers?.seen ?? []).filter(({ at }) => Date.parse(at) >= from);
  const strays = lately.filter(
    ({ user, application }) => !expected?.includes(user) && !expected?.includes(application),
  );
  const who = lately.length === 0 ? 'none seen' : `seen: ${fewOf(lately.map(inWords))}`;
  const looked = writers ? `sampled since ${writers.since}` : 'not sampled';
  return result(
    'stray writers',
    expected === undefined || (Boolean(writers) && strays.length === 0),
    strays.length > 0 && expected !== undefined
      ? `unexpected: ${fewOf(strays.map(inWords))}`
      : `${who} (${looked}${expected === undefined ? '; not judged' : ''})`,
    expected === undefined ? 'none: say who is expected' : `only ${expected.join(', ') || 'nobody'}`,
    writers
      ? 'the fence will refuse them: move them to the proxy or the service first, or name them in `gates.strayWriters.expected`'
      : 'nobody can be seen in a MySQL or MariaDB, or before the sync process has looked; leave `gates.strayWriters.expected` out to judge nothing',
  );
};

const inWords = ({ user, application, at }: SeenWriter): string =>
  `${application === '' ? 'a nameless application' : application} as ${user} at ${at}`;
