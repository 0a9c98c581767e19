import { count, duration } from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';

/** What a move would do, whether it may, and what going back would cost. */
export function planInWords(plan: Schemas['Plan'], screen: Screen): string {
  return [
    screen.paint('bold', `${plan.together.join(' and ')}: ${plan.verb}, ${plan.from} → ${plan.to}`),
    '',
    'Steps:',
    ...plan.steps.map((step, index) => `  ${index + 1}. ${step}`),
    ...(plan.gates.length === 0
      ? []
      : ['', 'Gates:', ...plan.gates.flatMap((gate) => gateInWords(gate, screen))]),
    '',
    ...(plan.waits.length === 0
      ? ['Nobody waits.']
      : ['Who waits:', ...plan.waits.map((wait) => `  - ${wait}`)]),
    `Going back costs: ${plan.rollbackCost}`,
    plan.allowed
      ? screen.paint('green', 'This move could be taken now. Nothing was changed.')
      : screen.paint('red', 'This move would be refused now. Nothing was changed.'),
  ].join('\n');
}

/** A gate with its evidence: its value, its threshold, and what to do when it does not hold. */
function gateInWords(
  { gate, passed, value, threshold, advice, notOverridable, overridden }: Schemas['GateResult'],
  screen: Screen,
): string[] {
  const mark = passed
    ? screen.paint('green', '✓ holds ')
    : overridden
      ? screen.paint('yellow', '! overridden')
      : screen.paint('red', '✗ refuses');
  return [
    `  ${mark} ${gate}: ${value} (threshold: ${threshold})`,
    ...(passed || !advice ? [] : [`      → ${advice}`]),
    ...(notOverridable ? [`      cannot be overridden: ${notOverridable}`] : []),
  ];
}

/** How a move ended. */
export function outcomeInWords(outcome: Schemas['MoveOutcome'], screen: Screen): string {
  const { migration, verb, from, to, epoch, done, detail, durationMs } = outcome;
  const time = durationMs < 1000 ? `${count(durationMs)} ms` : duration(durationMs / 1000);
  const words = done
    ? `${screen.paint('green', '✓')} ${migration}: ${verb} done, ${from} → ${to}, epoch ${epoch}, in ${time}`
    : `${screen.paint('red', '✗')} ${migration}: ${verb} was given up after ${time}, everything is as before`;
  return detail === '' ? words : `${words}\n  ${detail}`;
}

/** How giving a move up ended. */
export function abortedInWords(outcome: Schemas['MoveOutcome'], screen: Screen): string {
  if (outcome.done) return outcomeInWords(outcome, screen);
  const { migration, verb, to, detail } = outcome;
  return `${screen.paint('green', '✓')} ${migration}: ${verb} was given up, it is in stage ${to} as before\n  ${detail}`;
}

/** A move that is under way, and what comes next. */
export function underWayInWords(move: Schemas['MoveUnderWay']): string {
  const { migration, verb, phase, since, by, isRunning, next } = move;
  const where = isRunning ? 'under way' : 'cut off';
  return `${migration}: ${verb} is ${where} at "${phase}", begun by ${by} at ${since}\n  next: ${next}`;
}

/** Why the control API said no. Gates that held are only counted, those that were overridden are not told. */
export function refusalInWords(problem: Schemas['Problem'], screen: Screen): string {
  const failing = problem.gates.filter((gate) => !gate.passed && !gate.overridden);
  const held = problem.gates.filter((gate) => gate.passed).length;
  return [
    `${problem.title}: ${problem.detail}`,
    ...failing.flatMap((gate) => gateInWords(gate, screen)),
    ...(held > 0 ? [`  ${held} other ${held === 1 ? 'gate holds' : 'gates hold'}.`] : []),
  ].join('\n');
}
