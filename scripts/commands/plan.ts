import { Argument, Command } from 'commander';
import type { Schemas } from './client.ts';
import { contextOf } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { parseWeight, requestOf, showPlan, type MoveOptions } from './order-move.ts';

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
  return new Command('plan')
    .description('show what a move would do, and whether its gates hold now; changes nothing')
    .argument('<migration>', 'as it is called in the configuration')
    .addArgument(new Argument('<verb>', 'the move').choices(VERBS))
    .option('--weight <percent>', 'share of reads, for canary', parseWeight)
    .action(async (migration: string, verb: Schemas['Verb'], { weight }: MoveOptions, command: Command) => {
      finish(await showPlan(contextOf(command), migration, requestOf(verb, weight)));
    });
}
