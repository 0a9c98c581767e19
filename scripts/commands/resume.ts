import { Command } from 'commander';
import { contextOf, type Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { withReason } from './order-move.ts';
import { outcomeInWords } from './show/move.ts';

/** `strangler resume`: finish, or take back, every move that a crash cut off. */
export function resumeCommand(finish: (code: ExitCode) => void): Command {
  return new Command('resume')
    .description('take the one legal next step of every move that a crash cut off')
    .option('--dry-run', 'show which moves are under way and change nothing')
    .option('--reason <text>', 'why, for the journal')
    .action(async ({ dryRun, reason }: { dryRun?: true; reason?: string }, command: Command) => {
      const context = contextOf(command);
      finish(await (dryRun ? showUnderWay(context) : resume(context, reason)));
    });
}

async function showUnderWay({ client, screen }: Context): Promise<ExitCode> {
  const moving = (await client.migrations()).flatMap(({ name, moving }) =>
    moving ? [{ migration: name, ...moving }] : [],
  );
  const words = moving.map(
    (one) => `${one.migration}: ${one.verb} at ${one.phase}, since ${one.since}, by ${one.by}`,
  );
  screen.result(moving, () => words.join('\n') || 'No move is under way. Nothing was changed.');
  return EXIT.done;
}

async function resume({ client, screen }: Context, reason: string | undefined): Promise<ExitCode> {
  const outcomes = await client.resume(withReason({}, reason));
  const words = outcomes.map((outcome) => outcomeInWords(outcome, screen));
  screen.result(outcomes, () => words.join('\n') || 'No move was cut off.');
  return EXIT.done;
}
