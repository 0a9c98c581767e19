import { whatInWords } from '../../../proxy/dashboard/journal-words.ts';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';

/** Whether the journal holds; else where it first does not, and what that entry says now. */
export function checkInWords(
  { entries, newest, broken, forked }: Schemas['JournalCheck'],
  screen: Screen,
): string {
  const words: string[] = [];
  if (broken) {
    const { seq, problem, entry } = broken;
    words.push(
      `${screen.paint('red', '✗')} the journal is broken at entry ${seq}: ${problem}`,
      `  it says now: ${entry.at} ${entry.migration} ${whatInWords(entry)}, by ${entry.actor}`,
      `  ${seq - 1} of ${entries} entries before it hold; nothing behind it can be trusted`,
    );
  }
  if (forked) words.push(`${screen.paint('red', '✗')} ${forked}`);
  if (words.length > 0) return words.join('\n');
  const last = newest ? `; the last is ${newest.seq}, ${newest.hash}` : '';
  return `${screen.paint('green', '✓')} ${entries} entries, each as it was written${last}`;
}
