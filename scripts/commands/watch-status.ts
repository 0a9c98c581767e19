import { phasesOf } from '../../proxy/dashboard/facts/change-of-owner.ts';
import { duration } from '../../proxy/dashboard/words.ts';
import type { Schemas } from './client.ts';
import { CommandError } from './command-error.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { followStatus } from './follow-status.ts';
import { keepReadingBesides, type Besides } from './read-besides.ts';
import { changeInWords } from './show/change.ts';
import { statusDetail, statusTable } from './show/status.ts';
import { wholeInWords } from './show/whole.ts';

type Migration = Schemas['MigrationStatus'];

const TICK_MS = 1000;
/** Two heartbeats: each brings the status anew, so what is older than that is not of now. */
const FRESH_MS = 10_000;
const BESIDES_MS = 2000;
const STEPS_KEPT = 200;

/** What is known, and when it came to be. */
interface Seen {
  at: string;
  migrations: Migration[];
  /** Of changes of owner, oldest first, and when the newest came. */
  steps: Schemas['ChangeStep'][];
  steppedAt: number;
  besides: Besides | null;
  trouble: string;
}

/**
 * Shows the status, or everything about one migration, until Ctrl-C: drawn over in place on a terminal, with its age as
 * soon as it is not of now; as plain lines elsewhere. A connection that is lost is taken up again, however long that
 * takes: a person wants to see it come back.
 */
export async function watchStatus(
  { client, screen }: Context,
  name: string | undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const seen: Seen = { at: '', migrations: [], steps: [], steppedAt: 0, besides: null, trouble: '' };
  const ended = new AbortController();
  const draw = (): void => {
    if (!screen.isTerminal || seen.at === '') return;
    screen.redraw(`${inWords(seen, name, screen)}\n\n${lastLine(seen, Date.now(), screen)}`);
  };
  const tick = setInterval(draw, TICK_MS);
  const follow = {
    signal,
    giveUpAfterMs: Infinity,
    onTrouble: (detail: string): void => {
      seen.trouble = detail;
      if (screen.isTerminal) draw();
      else screen.note(`${detail}; trying again`);
    },
    onStep: (step: Schemas['ChangeStep']): void => {
      seen.steps = [...seen.steps, step].slice(-STEPS_KEPT);
      seen.steppedAt = Date.now();
      draw();
    },
  };
  const took = (besides: Besides): void => {
    seen.besides = besides;
    draw();
  };
  try {
    for await (const event of followStatus(client, follow)) {
      const isFirst = seen.at === '';
      const migrations = name === undefined ? event.migrations : [find(event.migrations, name)];
      Object.assign(seen, { at: event.at, migrations, trouble: '' });
      if (isFirst && name !== undefined)
        void keepReadingBesides(client, name, BESIDES_MS, took, ended.signal);
      draw();
      if (!screen.isTerminal)
        screen.resultLine(
          { at: event.at, migrations },
          () => `${event.at}\n${inWords(seen, name, screen)}\n`,
        );
    }
  } finally {
    clearInterval(tick);
    ended.abort();
  }
}

/** Everything that is known, but for its age. */
function inWords(seen: Seen, name: string | undefined, screen: Context['screen']): string {
  const { migrations, besides } = seen;
  const [one] = migrations;
  const moving = migrations.flatMap((migration) => movingInWords(migration, seen, screen));
  if (name !== undefined && one) return [...moving, statusDetail(one, screen, besides)].join('\n');
  const whole = wholeInWords(migrations);
  return [
    statusTable(migrations, screen),
    ...(whole.length > 0 ? ['', ...whole] : []),
    ...(moving.length > 0 ? ['', ...moving] : []),
  ].join('\n');
}

/** The steps of a move that is under way, with the time that new writes have been waiting by now. */
function movingInWords(
  { name, moving }: Migration,
  { steps, steppedAt }: Seen,
  screen: Context['screen'],
): string[] {
  if (!moving) return [];
  const change = phasesOf(steps, name, moving.since, moving.phase);
  const heading = `${moving.verb} of ${name}, begun by ${moving.by} at ${timeOf(moving.since)}: ${moving.phase}`;
  if (!change) return [heading, ''];
  const { writesWaitMs } = change;
  const waiting = writesWaitMs === null ? null : writesWaitMs + Math.max(0, Date.now() - steppedAt);
  const lines = changeInWords({ ...change, writesWaitMs: waiting }, screen);
  return [screen.paint('bold', heading), ...lines.map((line) => `  ${line}`), ''];
}

/** Whether what is shown is of now; its age where it is not. */
function lastLine(
  { at, trouble }: { at: string; trouble: string },
  now: number,
  screen: Context['screen'],
): string {
  const age = now - Date.parse(at);
  if (trouble === '' && age < FRESH_MS)
    return `${screen.paint('green', '● live')}, ${timeOf(at)} (Ctrl-C ends)`;
  const why = trouble === '' ? 'nothing comes any more' : trouble;
  const old = duration(Math.max(0, Math.round(age / 1000)));
  return `${screen.paint('red', '✕ not live')}: ${why}; this is of ${timeOf(at)}, ${old} old (Ctrl-C ends)`;
}

function find(all: Schemas['MigrationStatus'][], name: string): Schemas['MigrationStatus'] {
  const found = all.find((migration) => migration.name === name);
  if (found) return found;
  const known = all.map((migration) => migration.name).join(', ') || 'none';
  throw new CommandError(EXIT.usage, `There is no migration "${name}"; there are: ${known}.`);
}

function timeOf(at: string): string {
  return new Date(at).toLocaleTimeString('en-GB');
}
