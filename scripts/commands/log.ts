import { Command } from 'commander';
import type { Schemas } from './client.ts';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { whatInWords } from './show/journal.ts';
import type { Screen } from './show/screen.ts';
import { table } from './show/table.ts';

/** `strangler log`: the journal. */
export function logCommand(finish: (code: ExitCode) => void): Command {
  return new Command('log')
    .description('show what was decided, by whom and why (with -o json also on which evidence)')
    .argument('[migration]', 'only this one')
    .action(async (migration: string | undefined, _options: object, command: Command) => {
      const { client, screen } = contextOf(command);
      const entries = await client.journal(migration);
      screen.result(entries, () =>
        entries.length === 0 ? 'Nothing was decided yet.' : journal(entries, screen),
      );
      finish(EXIT.done);
    });
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
