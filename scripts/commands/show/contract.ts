import { count } from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';

/** What the documents say of each other, and what recorded answers say of the documents. */
export function contractInWords(report: Schemas['ContractReport'], screen: Screen): string {
  const { migration, documents, recorded, gate } = report;
  const { checked, unchecked, violations, unlisted } = recorded;
  const name = screen.paint('bold', migration);
  const rest = unchecked > 0 ? `, ${count(unchecked)} more were not looked at` : '';
  return [
    documents === null
      ? `${name}: there are no two documents to compare`
      : `${name}: ${headline(documents, screen)}`,
    ...(documents?.breaking ?? []).map((line) => `  ${screen.paint('red', 'breaking')} ${line}`),
    ...(documents?.warnings ?? []).map((line) => `  ${screen.paint('yellow', 'warning')}  ${line}`),
    '',
    `${count(checked)} recorded answers were held to their documents${rest}`,
    ...violations.flatMap((violation) => violationInWords(violation, screen)),
    ...(unlisted > 0 ? [`  and ${count(unlisted)} times something that is not listed`] : []),
    '',
    `A cutover is refused by ${gate.differences === 'any' ? 'every difference' : 'breaking differences'}${
      gate.recorded === 'refuse' ? ' and by recorded answers that break their document' : ''
    }.`,
  ].join('\n');
}

function headline(
  { breaking, warnings }: NonNullable<Schemas['ContractReport']['documents']>,
  screen: Screen,
) {
  if (breaking.length + warnings.length === 0) return screen.paint('green', 'no difference');
  return `${many(breaking.length, 'breaking difference')}, ${many(warnings.length, 'warning')}`;
}

const many = (number: number, what: string): string => `${count(number)} ${what}${number === 1 ? '' : 's'}`;

function violationInWords(violation: Schemas['RecordedViolation'], screen: Screen): string[] {
  const { side, operation, field, problem, count: times, first, last, example } = violation;
  return [
    `  ${screen.paint('yellow', side)} ${operation}: ${screen.paint('bold', field)} ${problem}`,
    `    ${count(times)} times, first ${first}, last ${last}, e.g. GET ${example}`,
  ];
}
