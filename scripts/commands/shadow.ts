import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import { moveCommand, orderMove, type MoveOptions } from './order-move.ts';

/** `strangler shadow`: let the service answer a sample of reads beside the monolith, and compare. */
export function shadowCommand(finish: (code: ExitCode) => void): Command {
  return moveCommand(
    'shadow',
    'let the service answer a sample of reads beside the monolith, and compare',
  ).action(async (migration: string, options: MoveOptions, command: Command) =>
    finish(await orderMove('shadow', migration, options, command)),
  );
}
