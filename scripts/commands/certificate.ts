import { Command } from 'commander';
import { certificateInWords } from '../up/certificates.ts';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** `strangler certificate`: what the journal says of a retired migration, from its beginning to its end. */
export function certificateCommand(finish: (code: ExitCode) => void): Command {
  return new Command('certificate')
    .description('print what was moved, when, by whom and on which evidence, of a retired migration')
    .argument('<migration>', 'as it is called in the configuration')
    .action(async (migration: string, _options: object, command: Command) => {
      const { client, screen } = contextOf(command);
      const certificate = await client.certificate(migration);
      screen.result(certificate, () => certificateInWords(certificate));
      finish(EXIT.done);
    });
}
