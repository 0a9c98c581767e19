import { Command } from 'commander';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { abortedInWords } from './show/move.ts';

/** `strangler abort`: give up the move that is under way. */
export function abortCommand(finish: (code: ExitCode) => void): Command {
  return new Command('abort')
    .description('give up the move that is under way: everything is as before it then')
    .argument('<migration>', 'as it is called in the configuration')
    .requiredOption('--reason <text>', 'why, for the journal')
    .action(async (migration: string, { reason }: { reason: string }, command: Command) => {
      const { client, screen } = contextOf(command);
      const outcome = await client.abort(migration, { reason });
      screen.result(outcome, () => abortedInWords(outcome, screen));
      finish(EXIT.done);
    });
}
