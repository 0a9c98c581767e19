import { Command } from 'commander';
import type { Schemas } from './client.ts';
import { CommandError } from './command-error.ts';
import { contextOf, type Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { whatInWords } from '../../proxy/dashboard/journal-words.ts';
import { checkInWords } from './show/journal.ts';
import type { Screen } from './show/screen.ts';
import { table } from './show/table.ts';

/** `strangler log`: the journal. */
export function logCommand(finish: (code: ExitCode) => void): Command {
  return new Command('log')
    .description('show what was decided, by whom and why (with -o json also on which evidence)')
    .argument('[migration]', 'only this one')
    .option('--verify', 'look whether the whole journal is as it was written, instead')
    .action(async (migration: string | undefined, { verify }: { verify?: true }, command: Command) => {
      const context = contextOf(command);
      if (!verify) return finish(await show(context, migration));
      if (migration !== undefined)
        throw new CommandError(EXIT.usage, '--verify looks at the whole journal: leave out the migration.');
      finish(await check(context));
    });
}

async function show({ client, screen }: Context, migration: string | undefined): Promise<ExitCode> {
  const entries = await client.journal(migration);
  screen.result(entries, () =>
    entries.length === 0 ? 'Nothing was decided yet.' : journal(entries, screen),
  );
  return EXIT.done;
}

async function check({ client, screen }: Context): Promise<ExitCode> {
  const found = await client.checkJournal();
  screen.result(found, () => checkInWords(found, screen));
  return found.broken || found.forked ? EXIT.failed : EXIT.done;
}

function journal(entries: Schemas['JournalEntry'][], screen: Screen): string {
  const head = ['SEQ', 'AT', 'MIGRATION', 'WHAT', 'EPOCH', 'BY', 'WHY'].map((name) =>
    screen.paint('bold', name),
  );
  const rows = entries.map((entry) => [
    String(entry.seq),
    entry.at,
    entry.migration,
    whatInWords(entry),
    String(entry.epoch),
    entry.actor,
    entry.reason ?? '-',
  ]);
  return table(head, rows);
}
