import { Command } from 'commander';
import type { Schemas } from './client.ts';
import { CommandError } from './command-error.ts';
import { contextOf, type Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { followStatus } from './follow-status.ts';
import { statusDetail, statusTable } from './show/status.ts';

/** `strangler status`: where every migration stands, or everything about one. */
export function statusCommand(finish: (code: ExitCode) => void): Command {
  return new Command('status')
    .description('show where the migrations stand')
    .argument('[migration]', 'show everything about this one')
    .option('-w, --watch', 'keep showing, live')
    .action(async (name: string | undefined, { watch }: { watch?: true }, command: Command) => {
      const context = contextOf(command);
      await (watch ? keepShowing(context, name) : showOnce(context, name));
      finish(EXIT.done);
    });
}

async function showOnce({ client, screen }: Context, name: string | undefined): Promise<void> {
  if (name === undefined) {
    const all = await client.migrations();
    screen.result(all, () => statusTable(all, screen));
    return;
  }
  const one = await client.migration(name);
  screen.result(one, () => statusDetail(one, screen));
}

/** Until Ctrl-C: a person wants to see it come back, however long that takes. */
async function keepShowing({ client, screen }: Context, name: string | undefined): Promise<void> {
  let words = '';
  let at = '';
  const onTrouble = (detail: string) => {
    if (!screen.isTerminal) screen.note(`${detail}; trying again`);
    else
      screen.redraw(`${words}\n\n${screen.paint('red', '✕ not live')}: ${detail}; this is of ${timeOf(at)}`);
  };
  for await (const event of followStatus(client, { onTrouble, giveUpAfterMs: Infinity })) {
    at = event.at;
    const shown = name === undefined ? event.migrations : [find(event.migrations, name)];
    const [one] = shown;
    words = name !== undefined && one ? statusDetail(one, screen) : statusTable(shown, screen);
    if (screen.isTerminal)
      screen.redraw(`${words}\n\n${screen.paint('green', '● live')}, ${timeOf(at)} (Ctrl-C ends)`);
    else screen.resultLine({ at, migrations: shown }, () => `${at}\n${words}\n`);
  }
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
