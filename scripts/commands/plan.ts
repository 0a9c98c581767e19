import { Argument, Command } from 'commander';
import type { Schemas } from './client.ts';
import { contextOf } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { overrideOption, planOf, showPlan, withShare, type MoveOptions } from './order-move.ts';

const VERBS = [
  'sync',
  'shadow',
  'canary',
  'cutover',
  'rollback',
  'retire',
] as const satisfies Schemas['Verb'][];

/** `strangler plan`: what a move would do and whether its gates hold now. */
export function planCommand(finish: (code: ExitCode) => void): Command {
  const command = new Command('plan')
    .description('show what a move would do, and whether its gates hold now; changes nothing')
    .argument('<migration>', 'as it is called in the configuration')
    .addArgument(new Argument('[verb]', 'the move; without it, the usual next one').choices(VERBS));
  return withShare(command.addOption(overrideOption())).action(
    async (migration: string, verb: Schemas['Verb'] | undefined, options: MoveOptions, asked: Command) => {
      finish(await showPlan(contextOf(asked), migration, planOf(verb, options)));
    },
  );
}
