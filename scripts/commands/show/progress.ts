import { count, duration, percent, verifyInWords } from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';

/** The backfill of all tables in one line: bar, share, rows, rate and time left. */
export function showSync(sync: Schemas['SyncStatus'], screen: Screen): void {
  if (sync.state !== 'backfill') {
    const words = `sync: ${sync.state}${sync.detail ? `, ${sync.detail}` : ''}`;
    screen.progress(words, words, words);
    return;
  }
  const rows = sum(sync.backfill.map((one) => one.rows));
  const total = sumIfKnown(sync.backfill.map((one) => one.total));
  const rate = sum(sync.backfill.filter((one) => !one.done).map((one) => one.rowsPerSecond));
  const left = sumIfKnown(sync.backfill.map((one) => (one.done ? 0 : one.secondsLeft)));
  const table = sync.backfill.find((one) => !one.done)?.table;
  const rests = sync.backfill.find((one) => one.rests)?.rests;
  showRows(
    `backfill${table ? ` ${table}` : ''}${rests ? ` (rests: ${rests})` : ''}`,
    { rows, total, rate, left },
    screen,
  );
}

/** How far a comparison is. */
export function showVerify(verify: Schemas['VerifyStatus'], screen: Screen): void {
  const { rowsCompared: rows, rowsTotal: total, rowsPerSecond: rate, differences } = verify;
  if (verify.state !== 'running')
    return screen.progress('', `verify: ${verifyInWords(verify)}`, verify.state);
  const left = total === null || rate <= 0 ? null : Math.max(0, total - rows) / rate;
  const found =
    differences > 0 ? `, ${count(differences)} ${differences === 1 ? 'difference' : 'differences'}` : '';
  showRows(`verify${found}`, { rows, total, rate, left }, screen);
}

interface Rows {
  rows: number;
  total: number | null;
  rate: number;
  left: number | null;
}

function showRows(what: string, { rows, total, rate, left }: Rows, screen: Screen): void {
  // The total is an estimate: it must not promise more than all.
  const share = total === null || total === 0 ? null : Math.min(1, rows / total);
  const words = [
    ...(share === null ? [] : [percent(Math.floor(share * 100))]),
    total === null ? `${count(rows)} rows` : `${count(rows)} of ${count(total)} rows`,
    `${count(rate)} rows/s`,
    ...(left === null ? [] : [`${duration(left)} left`]),
  ].join(', ');
  screen.progress(`${what} ${share === null ? '' : `${bar(share)} `}${words}`, `${what}: ${words}`, what);
}

function bar(share: number): string {
  const full = Math.round(share * 20);
  return `[${'█'.repeat(full)}${'░'.repeat(20 - full)}]`;
}

function sum(values: number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

function sumIfKnown(values: (number | null)[]): number | null {
  return values.every((value) => value !== null) ? sum(values) : null;
}
