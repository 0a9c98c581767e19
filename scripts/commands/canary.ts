import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import { moveCommand, orderMove, withShare, type MoveOptions } from './order-move.ts';

/** `strangler canary`: let the service answer a share of the reads. */
export function canaryCommand(finish: (code: ExitCode) => void): Command {
  return withShare(moveCommand('canary', 'let the service answer a share of the reads')).action(
    async (migration: string, options: MoveOptions, command: Command) => {
      if (options.weight === undefined && !options.ramp) {
        command.error('error: either --weight <percent> or --ramp is needed');
      }
      finish(await orderMove('canary', migration, options, command));
    },
  );
}
