import { createInterface } from 'node:readline/promises';
import { Option, type Command } from 'commander';
import { CommandError } from './command-error.ts';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { moveCommand, orderMove, withReason, type MoveOptions } from './order-move.ts';

interface RetireOptions extends MoveOptions {
  yes?: true;
  dropGuard?: true;
  forgetKeys?: true;
}

/** `strangler retire`: end a migration for good. */
export function retireCommand(finish: (code: ExitCode) => void): Command {
  return moveCommand('retire', 'end the migration for good: the sync stops, and there is no way back')
    .option('-y, --yes', 'do not ask')
    .option('--keep-guard', "let the monolith's tables go on refusing writes, by a trigger that stays")
    .addOption(
      new Option(
        '--drop-guard',
        'of a migration that is retired: remove that trigger, and nothing else',
      ).conflicts(['keepGuard', 'dryRun', 'override']),
    )
    .addOption(
      new Option(
        '--forget-keys',
        'of a migration that is retired: remove its translated keys, and nothing else',
      ).conflicts(['keepGuard', 'dropGuard', 'dryRun', 'override']),
    )
    .action(async (migration: string, options: RetireOptions, command: Command) => {
      if (options.dropGuard) return finish(await dropGuard(migration, options, command));
      if (options.forgetKeys) return finish(await forgetKeys(migration, options, command));
      if (!options.dryRun && !options.yes) await confirm(migration);
      finish(await orderMove('retire', migration, options, command));
    });
}

async function dropGuard(name: string, { reason }: RetireOptions, command: Command): Promise<ExitCode> {
  const { client, screen } = contextOf(command);
  const removal = await client.dropGuard(name, withReason({}, reason));
  screen.result(removal, () =>
    removal.changed ? `${name}: the monolith's tables take writes again` : `${name} has no guard`,
  );
  return EXIT.done;
}

async function forgetKeys(name: string, options: RetireOptions, command: Command): Promise<ExitCode> {
  if (!options.yes) await confirm(name);
  const { client, screen } = contextOf(command);
  const removal = await client.forgetKeys(name, withReason({}, options.reason));
  screen.result(removal, () =>
    removal.changed ? `${name}: its translated keys are forgotten` : `${name} has no translated keys`,
  );
  return EXIT.done;
}

/** The name has to be typed: a habit of pressing `y` must not retire anything. */
async function confirm(migration: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CommandError(EXIT.usage, `There is no way back, and nobody to ask here; say --yes.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.on('SIGINT', () => process.exit(EXIT.interrupted));
  const question = `There is no way back from what this does to ${migration}. Type its name to go on: `;
  const answer = await terminal.question(question).finally(() => terminal.close());
  if (answer.trim() !== migration) throw new CommandError(EXIT.usage, 'Not confirmed; nothing was changed.');
}
