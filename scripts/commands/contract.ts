import { Command } from 'commander';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { contractInWords } from './show/contract.ts';

/** `strangler contract`: how the documents of both sides differ, and whether recorded answers keep them. */
export function contractCommand(finish: (code: ExitCode) => void): Command {
  return new Command('contract')
    .description(
      'show how both contracts differ and what recorded answers do against them; fails when one is broken',
    )
    .argument('<migration>', 'as it is called in the configuration')
    .action(async (migration: string, _options: object, command: Command) => {
      const { client, screen } = contextOf(command);
      const report = await client.contract(migration);
      screen.result(report, () => contractInWords(report, screen));
      const { documents, recorded } = report;
      const isBroken = (documents?.breaking.length ?? 0) + recorded.violations.length > 0;
      finish(isBroken ? EXIT.failed : EXIT.done);
    });
}
