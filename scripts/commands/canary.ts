import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import { moveCommand, orderMove, parseWeight, type MoveOptions } from './order-move.ts';

/** `strangler canary`: let the service answer a share of the reads. */
export function canaryCommand(finish: (code: ExitCode) => void): Command {
  return moveCommand('canary', 'let the service answer a share of the reads')
    .requiredOption('--weight <percent>', 'the share, 0 to 100 with one decimal', parseWeight)
    .action(async (migration: string, options: MoveOptions, command: Command) =>
      finish(await orderMove('canary', migration, options, command)),
    );
}
