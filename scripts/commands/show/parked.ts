import { count, duration } from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';
import { table } from './table.ts';

/** A page of keys that have something parked. */
export function pageInWords(
  { migration, changes, keys, parked, next }: Schemas['ParkedPage'],
  screen: Screen,
): string {
  if (keys === 0) return `${migration}: nothing is parked`;
  const head = ['TABLE', 'KEY', 'WHAT', 'SINCE', 'WAITING', 'TRIES', 'REASON'];
  const rows = parked.map((one) => [
    one.table,
    keyInWords(one.key),
    one.operation,
    `${duration((Date.now() - Date.parse(one.since)) / 1000)} ago`,
    count(one.waiting),
    count(one.tries),
    one.reason,
  ]);
  return [
    `${screen.paint('bold', migration)}: ${count(changes)} changes of ${count(keys)} keys are parked`,
    table(
      head.map((name) => screen.paint('bold', name)),
      rows,
    ),
    ...(next === null ? [] : ['', `There are more: --after ${next}`]),
  ].join('\n');
}

/** What is parked of one key, each change with its row. */
export function rowsInWords({ table: name, key, changes }: Schemas['ParkedRows'], screen: Screen): string {
  if (changes.length === 0) return `${name} ${keyInWords(key)}: nothing is parked`;
  return changes
    .map(({ id, operation, parkedAt, reason, row }) =>
      [
        `${screen.paint('bold', `${name} ${keyInWords(key)}`)}: ${operation} ${id}, parked ${parkedAt}`,
        `  ${reason}`,
        ...Object.entries(row).map(([column, value]) => `    ${column}: ${JSON.stringify(value)}`),
      ].join('\n'),
    )
    .join('\n');
}

interface Retried {
  migration: string;
  applied: number;
  parked: number;
  examples: Schemas['RetriedKey'][];
}

/** What became of the keys that were tried; of those that stay parked, the first with their reasons. */
export function retriedInWords({ migration, applied, parked, examples }: Retried, screen: Screen): string {
  if (applied + parked === 0) return `${migration}: nothing is parked`;
  const stay = `${count(parked)} ${parked === 1 ? 'stays' : 'stay'} parked`;
  return [
    `${migration}: ${count(applied)} applied, ${parked > 0 ? screen.paint('red', stay) : stay}`,
    ...examples.map((one) => `  ${one.table} ${keyInWords(one.key)}: ${one.reason ?? ''}`),
    ...(parked > examples.length ? [`  and ${count(parked - examples.length)} more`] : []),
  ].join('\n');
}

/** What became of a key that somebody wanted to give up. */
export function skippedInWords(outcome: Schemas['SkipOutcome'], screen: Screen): string {
  const where = `${outcome.table} ${keyInWords(outcome.key)}`;
  switch (outcome.outcome) {
    case 'skipped':
      return (
        `${screen.paint('yellow', 'skipped')} ${where}: ${count(outcome.changes)} ` +
        `${outcome.changes === 1 ? 'change' : 'changes'} given up, journaled with the row; ` +
        'the row differs now, until `strangler verify --repair` mends it'
      );
    case 'applied':
      return `${screen.paint('green', 'applied')} ${where}: it fits now, nothing was given up`;
    case 'nothing parked':
      return `${where}: nothing is parked under this key, nothing was given up; \`strangler parked\` shows what is`;
  }
}

const keyInWords = (key: string): string => (key === '' ? '*' : key);
