import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import { abortCommand } from './commands/abort.ts';
import { backfillCommand } from './commands/backfill.ts';
import { canaryCommand } from './commands/canary.ts';
import { certificateCommand } from './commands/certificate.ts';
import { CommandError } from './commands/command-error.ts';
import { cutoverCommand } from './commands/cutover.ts';
import { contractCommand } from './commands/contract.ts';
import { diffCommand } from './commands/diff.ts';
import { doctorCommand } from './commands/doctor.ts';
import { EXIT, EXIT_CODES_HELP } from './commands/exit-codes.ts';
import { explainCommand } from './commands/explain.ts';
import { ignoreCommand } from './commands/ignore.ts';
import { logCommand } from './commands/log.ts';
import { parkedCommand } from './commands/parked.ts';
import { planCommand } from './commands/plan.ts';
import { resumeCommand } from './commands/resume.ts';
import { retireCommand } from './commands/retire.ts';
import { retryCommand } from './commands/retry.ts';
import { rollbackCommand } from './commands/rollback.ts';
import { shadowCommand } from './commands/shadow.ts';
import { refusalInWords } from './commands/show/move.ts';
import { Screen } from './commands/show/screen.ts';
import { skipCommand } from './commands/skip.ts';
import { statusCommand } from './commands/status.ts';
import { syncCommand } from './commands/sync.ts';
import { upCommand } from './commands/up.ts';
import { verifyCommand } from './commands/verify.ts';
import { ConfigError } from './config/problems.ts';

/** In the order in which a migration meets them. */
const COMMANDS = [
  doctorCommand,
  upCommand,
  statusCommand,
  planCommand,
  syncCommand,
  backfillCommand,
  verifyCommand,
  shadowCommand,
  contractCommand,
  diffCommand,
  ignoreCommand,
  canaryCommand,
  cutoverCommand,
  rollbackCommand,
  retireCommand,
  certificateCommand,
  resumeCommand,
  abortCommand,
  parkedCommand,
  retryCommand,
  skipCommand,
  logCommand,
  explainCommand,
];

const program = new Command('strangler')
  .description('Moves a running monolith to services, one capability at a time.')
  .version(versionOf(findPackageJSON('..', import.meta.url)))
  .option('-c, --config <file>', 'configuration', './strangler.yaml')
  .addOption(
    new Option('--url <address>', 'control API (default: from the configuration)').env('STRANGLER_URL'),
  )
  .addOption(
    new Option('-o, --output <format>', 'for people or for programs')
      .choices(['table', 'json'])
      .default('table'),
  )
  .showHelpAfterError('(add --help for what is possible)')
  .addHelpText(
    'afterAll',
    `\nEnvironment:\n  STRANGLER_TOKEN  the token of the control API\n${EXIT_CODES_HELP.trimEnd()}`,
  )
  .exitOverride();

const finish = (code: number) => {
  process.exitCode = code;
};
for (const command of COMMANDS) program.addCommand(command(finish).copyInheritedSettings(program));

// `strangler log | head` is no error: nobody reads on.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed),
);

try {
  await program.parseAsync();
} catch (error) {
  finish(explain(error));
  // What a command had opened before it failed must not keep it alive.
  process.stdout.write('', () => process.exit());
}

/** Says what went wrong, in words only, and answers with the exit code. */
function explain(error: unknown): number {
  // Commander has said it already; it calls everything but a wish for help a 1.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const screen = new Screen(program.opts<{ output?: string }>().output === 'json');
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof CommandError)) {
    screen.note(`strangler: ${message}`);
    return error instanceof ConfigError ? EXIT.usage : EXIT.failed;
  }
  screen.note(error.problem ? refusalInWords(error.problem, screen) : `strangler: ${message}`);
  if (screen.json && error.problem) screen.result(error.problem, () => '');
  return error.exitCode;
}

function versionOf(file: string | undefined): string {
  const { version } = JSON.parse(readFileSync(file ?? 'package.json', 'utf8')) as { version: string };
  return version;
}
