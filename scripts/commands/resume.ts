import { Command } from 'commander';
import { contextOf, type Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { withReason } from './order-move.ts';
import { outcomeInWords, underWayInWords } from './show/move.ts';

/** `strangler resume`: finish, or take back, every move that a crash cut off. */
export function resumeCommand(finish: (code: ExitCode) => void): Command {
  return new Command('resume')
    .description('take the one legal next step of every move that a crash cut off')
    .option('--dry-run', 'name the next step of each move that is under way, and change nothing')
    .option('--reason <text>', 'why, for the journal')
    .action(async ({ dryRun, reason }: { dryRun?: true; reason?: string }, command: Command) => {
      const context = contextOf(command);
      finish(await (dryRun ? showUnderWay(context) : resume(context, reason)));
    });
}

async function showUnderWay({ client, screen }: Context): Promise<ExitCode> {
  const moves = await client.moves();
  screen.result(
    moves,
    () => moves.map(underWayInWords).join('\n') || 'No move is under way. Nothing was changed.',
  );
  return EXIT.done;
}

/** Says what it is about to do before it does. */
async function resume({ client, screen }: Context, reason: string | undefined): Promise<ExitCode> {
  for (const move of await client.moves()) screen.note(underWayInWords(move));
  const outcomes = await client.resume(withReason({}, reason));
  const words = outcomes.map((outcome) => outcomeInWords(outcome, screen));
  screen.result(outcomes, () => words.join('\n') || 'No move was cut off.');
  return EXIT.done;
}
