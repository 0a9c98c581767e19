import { count } from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';

type Verdict = Schemas['OperationDifferences']['verdict'];
type Counts = Pick<Schemas['Differences'], 'compared' | 'differed' | 'dropped' | 'tooBig' | 'noVerdict'>;

const COLOURS = {
  agrees: 'green',
  differs: 'red',
  'not enough data': 'yellow',
  'no data': 'yellow',
} as const;

/** What comparing found, by operation and field, with an example of each side by side. */
export function differencesInWords(found: Schemas['Differences'], screen: Screen): string {
  const { migration, since, verdict, operations, ignored } = found;
  const when = since === null ? 'never in stage `shadow`' : `since ${since}`;
  return [
    `${screen.paint('bold', migration)}: ${verdictInWords(verdict, screen)}, ${countsInWords(found)}, ${when}`,
    ...operations.flatMap((operation) => ['', ...operationInWords(operation, screen)]),
    ...(ignored.length > 0 ? ['', 'Ignored:'] : []),
    ...ignored.map(({ path, reason, by, at }) => `  ${path}: ${reason} (${orderedBy(by, at)})`),
  ].join('\n');
}

function orderedBy(by: string | null, at: string | null): string {
  return by === null ? 'in strangler.yaml' : `by ${by}, ${at}`;
}

/** What became of an order to ignore a field, or to compare it again. */
export function ignoringInWords(outcome: Schemas['IgnoreOutcome']): string {
  const { migration, path, ignored, changed, alsoInFile } = outcome;
  const state = ignored ? 'ignored' : 'compared again';
  const anew = changed ? '; the comparison begins anew' : ', as it was before';
  const file = alsoInFile
    ? ignored
      ? '; strangler.yaml ignores it too'
      : '; but strangler.yaml ignores it'
    : '';
  return `${migration}: ${path} is ${state}${anew}${file}`;
}

function operationInWords(operation: Schemas['OperationDifferences'], screen: Screen): string[] {
  const { fields, unlisted, noise, verdict } = operation;
  const name = screen.paint('bold', operation.operation);
  if (verdict === 'no data' && operation.dropped + operation.tooBig + operation.noVerdict === 0) {
    return [`${name}: ${verdictInWords(verdict, screen)}`];
  }
  return [
    `${name}: ${verdictInWords(verdict, screen)}, ${countsInWords(operation)}`,
    ...fields.flatMap((field) => fieldInWords(field, screen)),
    ...(unlisted > 0 ? [`  and ${count(unlisted)} more in fields that are not listed`] : []),
    ...noise.map(
      ({ field, excused }) =>
        `  ${field}: noise, the monolith itself answers it differently each time (${count(excused)} not counted)`,
    ),
  ];
}

function fieldInWords(field: Schemas['FieldDifferences'], screen: Screen): string[] {
  const [example] = field.examples;
  const share = `${count(field.count)} differ, ${shareInWords(field.percent)}`;
  return [
    `  ${screen.paint('bold', field.field)}: ${share}, first ${field.first}, last ${field.last}`,
    ...(example
      ? [
          `    GET ${example.target}${example.place === field.field ? '' : ` at ${example.place}`}`,
          `      monolith  ${example.monolith}`,
          `      service   ${example.service}`,
        ]
      : []),
  ];
}

function countsInWords({ compared, differed, dropped, tooBig, noVerdict }: Counts): string {
  const others: [number, string][] = [
    [noVerdict, 'without a verdict'],
    [tooBig, 'too big'],
    [dropped, 'dropped'],
  ];
  const percent = compared === 0 ? '' : ` (${shareInWords((differed / compared) * 100)})`;
  return [
    `${count(compared)} compared`,
    `${count(differed)} differ${percent}`,
    ...others.filter(([number]) => number > 0).map(([number, what]) => `${count(number)} ${what}`),
  ].join(', ');
}

/** One in a hundred thousand must not look like none. */
function shareInWords(percent: number): string {
  return `${Number(percent.toPrecision(2))} %`;
}

function verdictInWords(verdict: Verdict, screen: Screen): string {
  return screen.paint(COLOURS[verdict], verdict);
}
