import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { withReason } from './order-move.ts';
import { ignoringInWords } from './show/differences.ts';

interface IgnoreOptions {
  reason?: string;
  undo?: boolean;
}

/** `strangler ignore`: take a field out of the comparison of answers, or compare it again. */
export function ignoreCommand(finish: (code: ExitCode) => void): Command {
  return new Command('ignore')
    .description('do not compare a field of the answers, because …; or compare it again')
    .argument('<migration>', 'as it is called in the configuration')
    .argument('<path>', "JSONPath, as `strangler diff` shows it: '$.items[*].price'")
    .option('--reason <text>', 'why a difference here means nothing, for the journal')
    .option('--undo', 'compare it again')
    .action(async (migration: string, path: string, options: IgnoreOptions, self: Command) => {
      const { client, screen } = contextOf(self);
      const { reason, undo = false } = options;
      if (!undo && reason === undefined)
        throw new CommandError(EXIT.usage, 'Say why a difference here means nothing: --reason.');
      const order = withReason({ path, ignored: !undo }, reason);
      const outcome = await client.ignoreField(migration, order);
      screen.result(outcome, () => ignoringInWords(outcome));
      finish(EXIT.done);
    });
}
