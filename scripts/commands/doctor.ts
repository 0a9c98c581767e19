import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import type { GlobalOptions } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { diagnosisInWords } from './show/diagnosis.ts';
import { Screen } from './show/screen.ts';

/** `strangler doctor`: what is wrong with what the configuration names, and what to do. */
export function doctorCommand(finish: (code: ExitCode) => void): Command {
  return new Command('doctor')
    .description('look at databases, applications, contracts and broker; fails when a sync could not begin')
    .argument('[migration]', 'only this one')
    .action(async (name: string | undefined, _options: object, command: Command) => {
      const { config: file, output } = command.optsWithGlobals<GlobalOptions>();
      const { readConfig } = await import('../config/read.ts');
      const { diagnose } = await import('../doctor/diagnose.ts');
      const config = readConfig(file);
      const known = Object.keys(config.migrations);
      if (name !== undefined && !known.includes(name)) {
        const message = `There is no migration "${name}"; there are: ${known.join(', ') || 'none'}.`;
        throw new CommandError(EXIT.usage, message);
      }
      const names = name === undefined ? known : [name];
      const findings = await diagnose(config, names);
      const screen = new Screen(output === 'json');
      screen.result({ migrations: names, findings }, () => diagnosisInWords(names, findings, screen));
      finish(findings.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.done);
    });
}
