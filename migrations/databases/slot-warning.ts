import type { CaptureHealth } from './database.ts';

const MEBIBYTE = 1024 ** 2;

/** Says in the health of a slot, in words, that more of the log is kept for it than somebody wants to hear of. */
export function withWarning(health: CaptureHealth | null, warnAboveMegabytes: number): CaptureHealth | null {
  if (!health || health.detail !== '' || health.retainedBytes <= warnAboveMegabytes * MEBIBYTE) return health;
  const detail =
    `more than the ${warnAboveMegabytes} MiB of \`slotWarnMegabytes\`: ` +
    (health.limitBytes === null
      ? 'the disk fills until the sync has read it; see whether it is stalled, or a transaction is open for long'
      : 'the database gives the slot up at its limit; see whether the sync is stalled, or a transaction is open for long');
  return { ...health, detail };
}
