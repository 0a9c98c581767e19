import { Command } from 'commander';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { differencesInWords } from './show/differences.ts';

/** `strangler diff`: where the answers of both sides differ. */
export function diffCommand(finish: (code: ExitCode) => void): Command {
  return new Command('diff')
    .description('show where the answers of both sides differ; fails when they do')
    .argument('<migration>', 'as it is called in the configuration')
    .action(async (migration: string, _options: object, command: Command) => {
      const { client, screen } = contextOf(command);
      const differences = await client.differences(migration);
      screen.result(differences, () => differencesInWords(differences, screen));
      finish(differences.verdict === 'differs' ? EXIT.failed : EXIT.done);
    });
}
