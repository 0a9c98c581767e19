import type { MoveResult } from './order.ts';
import { MoveFailedError } from './errors.ts';
import type { JournalEntry } from './journal.ts';
import type { ChangeState } from './protocol.ts';
import type { Stage } from './stages.ts';

/** One change of owner, as far as its end is to be told. */
export interface EndedChange {
  migration: string;
  verb: 'cutover' | 'rollback';
  from: Stage;
  to: Stage;
  /** Epoch that it aimed at. */
  epoch: number;
}

/**
 * How a change of owner ended. What this run saw last is not always how it ended: somebody else may have finished it,
 * or taken it back, so the journal is asked.
 *
 * @throws MoveFailedError when it is decided and not finished
 */
export function resultOf(
  entries: readonly JournalEntry[],
  { migration, verb, from, to, epoch }: EndedChange,
  end: ChangeState,
  durationMs: number,
): Omit<MoveResult, 'epoch'> {
  const own = entries.filter((entry) => entry.migration === migration && entry.epoch === epoch);
  const find = (kind: JournalEntry['kind']): JournalEntry | undefined =>
    own.find((entry) => entry.kind === kind);
  const isDecided = find('owner-changed') !== undefined;
  const released = find('writes-released');
  const isHalfBack = find('aborting') !== undefined && find('aborted') === undefined;
  if (end.result === 'open' || isHalfBack || (isDecided && !released)) {
    const where = isDecided ? 'is decided but not finished' : 'is being taken back, and not done with it';
    throw new MoveFailedError(
      `"${verb}" of "${migration}" ${where}: ${end.reason ?? 'unknown'}; it goes on by itself, or with \`strangler resume\``,
      false,
    );
  }
  const common = { migration, verb, from, late: end.late, durationMs };
  if (released) {
    const detail = end.result === 'superseded' ? `finished by ${released.actor}` : '';
    return { ...common, to, done: true, detail };
  }
  return { ...common, to: from, done: false, detail: whyNot(end, find('aborting')) };
}

function whyNot({ result, reason }: ChangeState, aborting: JournalEntry | undefined): string {
  const why = aborting?.decision.kind === 'aborting' ? aborting.decision.why : null;
  if (aborting && why !== null && why !== reason)
    return `taken back, everything is as before: given up by ${aborting.actor}: ${why}`;
  if (result === 'superseded' && !aborting) return `not begun: ${reason ?? 'unknown'}`;
  return `taken back, everything is as before: ${reason ?? 'unknown'}`;
}
