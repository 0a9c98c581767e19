import { replay } from '../../migrations/lifecycle/replay.ts';
import type { RunRecord } from '../../migrations/lifecycle/run-record.ts';
import { readRuns } from '../../migrations/lifecycle/run-record.ts';
import { ControlStore } from '../../migrations/lifecycle/store.ts';

/**
 * Holds all that a control store tells of its changes of owner against the protocol.
 *
 * @returns what the protocol does not allow, and the runs that were looked at
 */
export async function replayControl(url: string): Promise<{ wrong: string[]; runs: RunRecord[] }> {
  const store = await ControlStore.open(url);
  try {
    const [entries, runs] = await Promise.all([store.entries(0), readRuns(store)]);
    return { wrong: replay(entries, runs), runs };
  } finally {
    await store.close();
  }
}
