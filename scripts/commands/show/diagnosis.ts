import { count } from '../../../proxy/dashboard/words.ts';
import type { Diagnosis } from '../../doctor/diagnose.ts';
import type { Screen } from './screen.ts';

/** Each finding in a line: what is wrong, and what to do. */
export function diagnosisInWords(
  names: readonly string[],
  findings: readonly Diagnosis[],
  screen: Screen,
): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  const whole = names.join(', ') || 'no migration is configured';
  if (findings.length === 0) return `${whole}: ${screen.paint('green', 'nothing is wrong')}`;
  return [
    ...findings.map((finding) => lineOf(finding, screen)),
    '',
    `${whole}: ${inWords(errors, 'error')}, ${inWords(warnings, 'warning')}`,
  ].join('\n');
}

function lineOf({ severity, migration, subject, message, advice }: Diagnosis, screen: Screen): string {
  const mark = severity === 'error' ? screen.paint('red', 'error  ') : screen.paint('yellow', 'warning');
  const where = migration === null ? subject : `${migration}: ${subject}`;
  return `${mark}  ${screen.paint('bold', where)}: ${message}. → ${advice}`;
}

const inWords = (n: number, what: string): string => `${count(n)} ${what}${n === 1 ? '' : 's'}`;
