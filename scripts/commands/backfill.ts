import { Command } from 'commander';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { withReason } from './order-move.ts';

/** `strangler backfill pause|continue`: hold the copy of existing rows, or let it go on. */
export function backfillCommand(finish: (code: ExitCode) => void): Command {
  const order = (verb: string, paused: boolean, description: string): Command =>
    new Command(verb)
      .description(description)
      .argument('<migration>', 'as it is called in the configuration')
      .option('--reason <text>', 'why, for the journal')
      .action(async (name: string, { reason }: { reason?: string }, self: Command) => {
        const { client, screen } = contextOf(self);
        const hold = await client.holdBackfill(name, withReason({ paused }, reason));
        const state = paused ? 'paused; live changes flow on' : 'not paused';
        screen.result(hold, () => `${name}: the backfill is ${state}`);
        finish(EXIT.done);
      });
  return new Command('backfill')
    .description('hold the copy of existing rows, or let it go on where it was')
    .addCommand(order('pause', true, 'hold the copy, also over restarts; live changes flow on'))
    .addCommand(order('continue', false, 'let the copy go on where it was'));
}
