import { Command, InvalidArgumentError, Option } from 'commander';
import type { Schemas } from './client.ts';
import { contextOf, type Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { followStatus } from './follow-status.ts';
import { outcomeInWords, planInWords } from './show/move.ts';

export interface MoveOptions {
  dryRun?: true;
  reason?: string;
  weight?: number;
  ramp?: true;
  override?: string[];
  keepGuard?: true;
}

/** A command that orders one move: `<verb> <migration> [--dry-run] [--reason]`. */
export function moveCommand(verb: Schemas['Verb'], description: string): Command {
  return new Command(verb)
    .description(description)
    .argument('<migration>', 'as it is called in the configuration')
    .option('--dry-run', 'print the plan and change nothing')
    .addOption(overrideOption())
    .option('--reason <text>', 'why, for the journal; overriding needs it');
}

/** Names a gate that need not hold; may be given several times. */
export function overrideOption(): Option {
  const add = (gate: string, before: string[] = []): string[] => [...before, gate];
  return new Option(
    '--override <gate>',
    'let this one move pass a gate that does not hold; may be repeated',
  ).argParser(add);
}

/** Adds the two ways to say which share of the reads the service gets. */
export function withShare(command: Command): Command {
  return command
    .option('--weight <percent>', 'the share, 0 to 100 with one decimal; a ramp that runs ends', parseWeight)
    .addOption(
      new Option('--ramp', 'start the ramp of the configuration: it goes up by itself').conflicts('weight'),
    );
}

/** Plans the move when it is a dry run, carries it out otherwise, and answers with the exit code. */
export async function orderMove(
  verb: Schemas['Verb'],
  migration: string,
  options: MoveOptions,
  command: Command,
): Promise<ExitCode> {
  const context = contextOf(command);
  const request = requestOf(verb, options);
  if (options.dryRun) return showPlan(context, migration, request);
  const outcome = await carryOut(context, migration, withReason(request, options.reason));
  context.screen.result(outcome, () => outcomeInWords(outcome, context.screen));
  return outcome.done ? EXIT.done : EXIT.failed;
}

/** Prints what the move would do. */
export async function showPlan(
  { client, screen }: Context,
  migration: string,
  request: Schemas['PlanRequest'],
): Promise<ExitCode> {
  const plan = await client.plan(migration, request);
  screen.result(plan, () => planInWords(plan, screen));
  return plan.allowed ? EXIT.done : EXIT.refused;
}

/** Orders the move and shows its phases as they happen, for who looks at a terminal. */
export async function carryOut(
  context: Context,
  migration: string,
  order: Schemas['MoveOrder'],
): Promise<Schemas['MoveOutcome']> {
  const { client, screen } = context;
  screen.onInterrupt = `The ${order.verb} goes on without this terminal; see \`strangler status ${migration}\`.`;
  const stop = new AbortController();
  const phases = screen.showsProgress ? showPhases(context, migration, stop.signal) : Promise.resolve();
  try {
    return await client.move(migration, order);
  } finally {
    stop.abort();
    await phases;
    screen.onInterrupt = '';
  }
}

/** What the control API is asked for. */
export function requestOf(verb: Schemas['Verb'], options: MoveOptions): Omit<Schemas['MoveOrder'], 'reason'> {
  return { verb, ...planOf(undefined, options) };
}

/** What the control API is asked to plan; without a verb, the usual next move. */
export function planOf(
  verb: Schemas['Verb'] | undefined,
  { weight, ramp, override, keepGuard }: MoveOptions,
): Schemas['PlanRequest'] {
  return {
    ...(verb === undefined ? {} : { verb }),
    ...(weight === undefined ? {} : { weight }),
    ...(ramp ? { ramp } : {}),
    ...(override ? { override } : {}),
    ...(keepGuard ? { keepGuard } : {}),
  };
}

export function withReason<Order extends object>(
  order: Order,
  reason: string | undefined,
): Order & { reason?: string } {
  return reason === undefined ? order : { ...order, reason };
}

/** A share in percent, for commander. */
function parseWeight(text: string): number {
  const weight = Number(text);
  if (/^\d{1,3}(\.\d)?$/.test(text) && weight <= 100) return weight;
  throw new InvalidArgumentError('It must be from 0 to 100 with at most one decimal, e.g. 12.5.');
}

async function showPhases({ client, screen }: Context, name: string, signal: AbortSignal): Promise<void> {
  let shown = '';
  try {
    for await (const { migrations } of followStatus(client, { signal })) {
      const phase = migrations.find((one) => one.name === name)?.moving?.phase ?? '';
      if (phase !== '' && phase !== shown) screen.note(`  · ${phase}`);
      shown = phase;
    }
  } catch {
    // The phases are a courtesy; the move itself tells what is wrong.
  }
}
