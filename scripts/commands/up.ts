import { Command, Option } from 'commander';
import { PROCESS_FLAGS } from '../../proxy/data-plane/process-flags.ts';
import { startOverWith } from '../up/start-over.ts';
import type { GlobalOptions } from './context.ts';

type Part = 'control' | 'proxy' | 'sync';

/** `strangler up`: runs everything that the configuration names, or one part of it. */
export function upCommand(finish: (code: number) => void): Command {
  return new Command('up')
    .description('run proxy, sync and control API as the configuration says')
    .addOption(new Option('--only <part>', 'run one part').choices(['control', 'proxy', 'sync']))
    .action(async ({ only }: { only?: Part }, command: Command) => {
      const { config } = command.optsWithGlobals<GlobalOptions>();
      if (only === 'proxy') startOverWith(PROCESS_FLAGS, config);
      const { up } = await import('../up/up.ts');
      finish(await up(only === undefined ? { config } : { config, only }));
    });
}
