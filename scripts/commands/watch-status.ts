import type { Schemas } from './client.ts';
import { CommandError } from './command-error.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { followStatus } from './follow-status.ts';
import { statusDetail, statusTable } from './show/status.ts';
import { duration } from '../../proxy/dashboard/words.ts';

const TICK_MS = 1000;
/** Two heartbeats: each brings the status anew, so what is older than that is not of now. */
const FRESH_MS = 10_000;

/**
 * Shows the status, or everything about one migration, until Ctrl-C: drawn over in place on a terminal, with its age as
 * soon as it is not of now; as plain lines elsewhere. A connection that is lost is taken up again, however long that
 * takes: a person wants to see it come back.
 */
export async function watchStatus(
  { client, screen }: Context,
  name: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const shown = { words: '', at: '', trouble: '' };
  const draw = (): void => {
    if (shown.at !== '') screen.redraw(`${shown.words}\n\n${lastLine(shown, Date.now(), screen)}`);
  };
  const tick = screen.isTerminal ? setInterval(draw, TICK_MS) : undefined;
  const onTrouble = (detail: string): void => {
    shown.trouble = detail;
    if (screen.isTerminal) draw();
    else screen.note(`${detail}; trying again`);
  };
  try {
    for await (const event of followStatus(client, {
      onTrouble,
      giveUpAfterMs: Infinity,
      ...(signal ? { signal } : {}),
    })) {
      const migrations = name === undefined ? event.migrations : [find(event.migrations, name)];
      const [one] = migrations;
      const words = name !== undefined && one ? statusDetail(one, screen) : statusTable(migrations, screen);
      Object.assign(shown, { words, at: event.at, trouble: '' });
      if (screen.isTerminal) draw();
      else screen.resultLine({ at: event.at, migrations }, () => `${event.at}\n${words}\n`);
    }
  } finally {
    clearInterval(tick);
  }
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
