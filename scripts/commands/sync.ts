import type { Command } from 'commander';
import type { Schemas } from './client.ts';
import { CommandError } from './command-error.ts';
import { contextOf, type Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { waitUntil } from './follow-status.ts';
import { carryOut, moveCommand, requestOf, showPlan, withReason, type MoveOptions } from './order-move.ts';
import { parseSeconds } from './parse-seconds.ts';
import { outcomeInWords } from './show/move.ts';
import { showSync } from './show/progress.ts';

interface SyncOptions extends MoveOptions {
  wait: boolean;
  timeout?: number;
}

/** `strangler sync`: start to copy, and show the backfill until the sync is live. */
export function syncCommand(finish: (code: ExitCode) => void): Command {
  return moveCommand('sync', "copy the migration's tables to the service and keep them in sync")
    .option('--no-wait', 'do not wait for the backfill')
    .option('--timeout <seconds>', 'how long to wait for the backfill', parseSeconds)
    .action(async (migration: string, options: SyncOptions, command: Command) => {
      const context = contextOf(command);
      if (options.dryRun) return finish(await showPlan(context, migration, requestOf('sync', options)));
      finish(await startAndWait(context, migration, options));
    });
}

async function startAndWait(context: Context, name: string, options: SyncOptions): Promise<ExitCode> {
  const { screen } = context;
  const order = withReason(requestOf('sync', options), options.reason);
  const outcome = await carryOut(context, name, order);
  if (!outcome.done || !options.wait) {
    screen.result(outcome, () => outcomeInWords(outcome, screen));
    return outcome.done ? EXIT.done : EXIT.failed;
  }
  if (!screen.json) screen.note(outcomeInWords(outcome, screen));
  const { sync } = await waitUntilLive(context, name, options.timeout);
  screen.result(
    { ...outcome, sync },
    () => `${name}: ${sync ? 'the sync is live' : 'there is nothing to sync'}`,
  );
  return EXIT.done;
}

async function waitUntilLive({ client, screen }: Context, name: string, timeout: number | undefined) {
  screen.onInterrupt = `The backfill goes on without this terminal; see \`strangler status ${name} --watch\`.`;
  const isLive = ({ stage, sync }: Schemas['MigrationStatus']) => {
    if (stage === 'legacy')
      throw new CommandError(EXIT.failed, `${name} was rolled back while its backfill ran.`);
    if (sync) showSync(sync, screen);
    return sync === null || sync.state === 'live';
  };
  const onTrouble = (detail: string) => screen.note(`${detail}; trying again`);
  return waitUntil(client, name, 'the backfill', isLive, { timeout, onTrouble });
}
