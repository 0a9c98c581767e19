import { count, duration } from '../../../proxy/dashboard/words.js';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';

/** What a move would do, whether it may, and what going back would cost. */
export function planInWords(plan: Schemas['Plan'], screen: Screen): string {
  const wait =
    plan.writesWaitAtMostMs === 0 ? 'never' : `at most ${duration(plan.writesWaitAtMostMs / 1000)}`;
  return [
    screen.paint('bold', `${plan.migration}: ${plan.verb}, ${plan.from} → ${plan.to}`),
    '',
    'Steps:',
    ...plan.steps.map((step, index) => `  ${index + 1}. ${step}`),
    ...(plan.gates.length === 0
      ? []
      : ['', 'Gates:', ...plan.gates.flatMap((gate) => gateInWords(gate, screen))]),
    '',
    `Writes wait: ${wait}`,
    `Going back costs: ${plan.rollbackCost}`,
    plan.allowed
      ? screen.paint('green', 'This move could be taken now. Nothing was changed.')
      : screen.paint('red', 'This move would be refused now. Nothing was changed.'),
  ].join('\n');
}

/** A gate with its evidence: its value, its threshold, and what to do when it does not hold. */
function gateInWords(
  { gate, passed, value, threshold, advice }: Schemas['GateResult'],
  screen: Screen,
): string[] {
  const mark = passed ? screen.paint('green', '✓ holds ') : screen.paint('red', '✗ refuses');
  return [
    `  ${mark} ${gate}: ${value} (threshold: ${threshold})`,
    ...(passed || !advice ? [] : [`      → ${advice}`]),
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

/** Why the control API said no. Gates that held are only counted. */
export function refusalInWords(problem: Schemas['Problem'], screen: Screen): string {
  const failing = problem.gates.filter((gate) => !gate.passed);
  const held = problem.gates.length - failing.length;
  return [
    `${problem.title}: ${problem.detail}`,
    ...failing.flatMap((gate) => gateInWords(gate, screen)),
    ...(held > 0 ? [`  ${held} other ${held === 1 ? 'gate holds' : 'gates hold'}.`] : []),
  ].join('\n');
}
