import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { keyIn, withKey, type KeyOptions } from './row-key.ts';
import { skippedInWords } from './show/parked.ts';

interface SkipOptions extends KeyOptions {
  reason: string;
}

/** `strangler skip`: give up what is parked of one key. */
export function skipCommand(finish: (code: ExitCode) => void): Command {
  const command = new Command('skip')
    .description(
      'give up what is parked of one key: the row differs from then on, until `verify --repair` mends it',
    )
    .argument('<migration>', 'as it is called in the configuration')
    .requiredOption('--reason <text>', 'why, for the journal');
  return withKey(command).action(async (name: string, options: SkipOptions, self: Command) => {
    const { client, screen } = contextOf(self);
    const one = keyIn(options);
    if (!one)
      throw new CommandError(
        EXIT.usage,
        'Say which row: --table and --key, as `strangler parked` shows them.',
      );
    const outcome = await client.skipParked(name, { ...one, reason: options.reason });
    screen.result(outcome, () => skippedInWords(outcome, screen));
    finish(outcome.outcome === 'nothing parked' ? EXIT.failed : EXIT.done);
  });
}
