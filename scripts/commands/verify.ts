import { Command } from 'commander';
import type { Schemas } from './client.ts';
import { CommandError } from './command-error.ts';
import { contextOf, type Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { waitUntil } from './follow-status.ts';
import { withReason } from './order-move.ts';
import { parseSeconds } from './parse-seconds.ts';
import { showVerify } from './show/progress.ts';
import { verifyResult } from './show/status.ts';

interface VerifyOptions {
  repair?: true;
  dryRun?: true;
  roundTrip?: true;
  reason?: string;
  timeout?: number;
}

/** `strangler verify`: compare both sides, and mend what differs if asked for. */
export function verifyCommand(finish: (code: ExitCode) => void): Command {
  return new Command('verify')
    .description('compare both sides row by row; fails when differences remain')
    .argument('<migration>', 'as it is called in the configuration')
    .option('--repair', "mend what differs by the owner's truth")
    .option('--dry-run', 'with --repair: list what would be mended and change nothing')
    .option(
      '--round-trip',
      'map every row of the owner there and back instead, and list those that would not come back',
    )
    .option('--reason <text>', 'why, for the journal')
    .option('--timeout <seconds>', 'how long to wait for the result', parseSeconds)
    .action(async (migration: string, options: VerifyOptions, command: Command) => {
      finish(await compare(contextOf(command), migration, options));
    });
}

async function compare({ client, screen }: Context, name: string, options: VerifyOptions): Promise<ExitCode> {
  const before = (await client.migration(name)).verify;
  const order = {
    repair: options.repair ?? false,
    dryRun: options.dryRun ?? false,
    roundTrip: options.roundTrip ?? false,
  };
  await client.verify(name, withReason(order, options.reason));
  screen.onInterrupt = `The verification goes on without this terminal; see \`strangler status ${name}\`.`;
  let hasBegun = false;
  const isDone = ({ verify }: Schemas['MigrationStatus']) => {
    if (!verify && hasBegun) {
      const detail = `The owner of ${name} changed while both sides were compared: the result says nothing any more; compare again.`;
      throw new CommandError(EXIT.failed, detail);
    }
    // Until ours has begun, the status still shows the one before.
    if (!verify || verify.at === before?.at) return false;
    hasBegun = true;
    showVerify(verify, screen);
    return verify.state !== 'running';
  };
  const onTrouble = (detail: string) => screen.note(`${detail}; trying again`);
  const { verify } = await waitUntil(client, name, 'the verification', isDone, {
    timeout: options.timeout,
    onTrouble,
  });
  // All rows for a program, the first ones for a person.
  const all = screen.json ? { ...verify, found: (await client.found(name)).found } : verify;
  screen.result(all, () => (verify ? verifyResult(name, verify) : ''));
  const isJudged = verify?.state === 'done' && (verify.unsettled ?? 0) + (verify.parked ?? 0) === 0;
  return isJudged && verify.repaired >= verify.differences ? EXIT.done : EXIT.failed;
}
