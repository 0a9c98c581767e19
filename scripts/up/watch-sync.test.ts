import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import pino from 'pino';
import { PassThrough } from 'node:stream';
import { ControlStore } from '../../migrations/lifecycle/store.ts';
import { withWarning } from '../../migrations/databases/slot-warning.ts';
import type { CaptureHealth } from '../../migrations/databases/database.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { SyncReport } from '../../migrations/relay/keep-in-step.ts';
import type { TwoDatabases } from '../../migrations/testing/two-databases.ts';
import { twoDatabases } from '../../migrations/testing/two-databases.ts';
import { SyncWatch } from './watch-sync.ts';

const SLOT: CaptureHealth = {
  ...{ slot: 's', retainedBytes: 5 * 1024 ** 2, limitBytes: null },
  ...{ status: 'extended', detail: '' },
};

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
});
afterEach(() => bed.close());

it('warns of a slot of either side that keeps more log than it may, and shows both', async () => {
  bed.databases.monolith.captureHealth = async () => ({ ...SLOT, retainedBytes: 1 });
  bed.databases.service.captureHealth = async () => SLOT;
  const log = new PassThrough({ encoding: 'utf8' });
  const store = await ControlStore.open(bed.urls.control);
  const stop = new AbortController();
  try {
    const watch = await SyncWatch.over({
      ...{ synced: bed.synced, stream: bed.stream, store, logger: pino(log), slotWarnMegabytes: 4 },
      journal: { entries: [] } as unknown as JournalFollower,
    });
    const running = watch.around(async (signal) => void (await once(signal, 'abort')), stop.signal);
    const [line] = (await once(log, 'data', { signal: AbortSignal.timeout(20_000) })) as [string];
    expect(JSON.parse(line)).toMatchObject({
      migration: 'catalog',
      slot: { retainedBytes: SLOT.retainedBytes },
    });
    expect(watch.complete({} as SyncReport)).toMatchObject({
      slot: { retainedBytes: 1, detail: '' },
      followerSlot: { detail: expect.stringContaining('more than the 4 MiB of `slotWarnMegabytes`') },
    });
    stop.abort();
    await running;
  } finally {
    await store.close();
  }
});

it('leaves alone what is lost, and what is within bounds', () => {
  const lost: CaptureHealth = { ...SLOT, status: 'lost', detail: 'it is gone' };
  expect([withWarning(null, 1), withWarning(lost, 1), withWarning(SLOT, 5)]).toEqual([null, lost, SLOT]);
});
