import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import { moveCommand, orderMove, type MoveOptions } from './order-move.ts';

/** `strangler cutover`: make the service the owner: it answers reads and takes writes. */
export function cutoverCommand(finish: (code: ExitCode) => void): Command {
  return moveCommand('cutover', 'make the service the owner: it answers reads and takes writes').action(
    async (migration: string, options: MoveOptions, command: Command) =>
      finish(await orderMove('cutover', migration, options, command)),
  );
}
