import { Command } from 'commander';
import { contextOf, type Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { readBesides } from './read-besides.ts';
import { statusDetail, statusTable } from './show/status.ts';
import { watchStatus } from './watch-status.ts';

/** `strangler status`: where every migration stands, or everything about one. */
export function statusCommand(finish: (code: ExitCode) => void): Command {
  return new Command('status')
    .description('show where the migrations stand')
    .argument('[migration]', 'show everything about this one')
    .option('-w, --watch', 'keep showing, live')
    .action(async (name: string | undefined, { watch }: { watch?: true }, command: Command) => {
      const context = contextOf(command);
      await (watch ? watchStatus(context, name) : showOnce(context, name));
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
  // For a person; a program asks for the traffic by itself.
  const besides = screen.json ? null : await readBesides(client, name);
  screen.result(one, () => statusDetail(one, screen, besides));
}
