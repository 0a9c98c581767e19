import { backfillInWords, count, duration, syncInWords } from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';

/** What a sync is at, in labelled lines. */
export function syncPairs(sync: Schemas['SyncStatus']): [string, string][] {
  const age = `reported ${duration((Date.now() - Date.parse(sync.reportedAt)) / 1000)} ago`;
  return [
    ['SYNC', `${sync.from} → ${sync.to}: ${syncInWords(sync)}, ${age}`],
    [
      'CARRIED',
      `${count(sync.applied)} changes, ${Number(sync.changesPerSecond.toFixed(1))} a second lately`,
    ],
    ...(sync.parkedKeys > 0 ? [['PARKED', parkedInWords(sync)] as [string, string]] : []),
    ...[sync.slot, sync.followerSlot].flatMap((slot): [string, string][] =>
      slot ? [['SLOT', slotInWords(slot)]] : [],
    ),
    ...(sync.detail ? [['', sync.detail] as [string, string]] : []),
    ...sync.backfill.map((one): [string, string] => ['BACKFILL', backfillInWords(one)]),
  ];
}

/** How a table differs from what it was, and what to do. */
export function driftInWords(
  { side, table, effect, message, advice }: Schemas['Drift'],
  screen: Screen,
): string {
  const colour = effect === 'risks' ? 'yellow' : 'red';
  return `${screen.paint(colour, effect)}: ${side} table ${table}: ${message}. → ${advice}`;
}

function parkedInWords({ parked, parkedKeys }: Schemas['SyncStatus']): string {
  return `${count(parked)} changes of ${count(parkedKeys)} keys; \`strangler parked\` shows them`;
}

function slotInWords({ slot, retainedBytes, limitBytes, status, detail }: Schemas['SlotStatus']): string {
  const mebibytes = (bytes: number): string => `${count(bytes / 1024 ** 2)} MiB`;
  const limit = limitBytes === null ? 'no limit' : `given up beyond ${mebibytes(limitBytes)}`;
  return `${slot}: ${status}, keeps ${mebibytes(retainedBytes)} of log (${limit})${detail ? `; ${detail}` : ''}`;
}
