import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { directTransport } from '../transport/direct.ts';
import { keepInStep } from './keep-in-step.ts';
import type { SyncReport } from './keep-in-step.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
});
afterEach(() => bed.close());

it('tells of a sync that stands still how far it is behind, and what it stands at', async () => {
  await bed.service.query(`
    CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no room left' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER deny BEFORE INSERT ON manufacturer FOR EACH ROW EXECUTE FUNCTION deny();`);
  const said = new EventEmitter();
  const stop = new AbortController();
  const report = async (fits: (report: SyncReport) => boolean): Promise<SyncReport> => {
    for (const giveUp = AbortSignal.timeout(20_000); ;) {
      const [one] = (await once(said, 'report', { signal: giveUp })) as [SyncReport];
      if (fits(one)) return one;
    }
  };
  const observe = (one: SyncReport): void => void said.emit('report', { ...one });
  const running = keepInStep(bed.stream, directTransport, null, observe, stop.signal);
  try {
    await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES (1, 'a'), (2, 'b')`);
    const first = await report(({ state }) => state === 'stalled');
    expect(first).toMatchObject({ detail: 'no room left', lagChanges: 2 });
    const later = await report(({ state, lagSeconds }) => state === 'stalled' && lagSeconds > 1);
    expect(later).toMatchObject({ detail: 'no room left', lagChanges: 2 });
    await bed.service.query('DROP TRIGGER deny ON manufacturer');
    await report(({ state, detail, lagChanges }) => state === 'live' && detail === '' && lagChanges === 0);
  } finally {
    stop.abort();
    await running;
  }
});
