import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import { moveCommand, orderMove, type MoveOptions } from './order-move.ts';

/** `strangler rollback`: go back one stage; from extracted, the monolith becomes the owner again. */
export function rollbackCommand(finish: (code: ExitCode) => void): Command {
  return moveCommand(
    'rollback',
    'go back one stage; from extracted, the monolith becomes the owner again',
  ).action(async (migration: string, options: MoveOptions, command: Command) =>
    finish(await orderMove('rollback', migration, options, command)),
  );
}
