import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readPace } from '../../migrations/lifecycle/pace.ts';
import { ControlStore } from '../../migrations/lifecycle/store.ts';
import { createDatabase } from '../../migrations/testing/two-databases.ts';
import { SHORTEST_TICK_MS } from '../../proxy/data-plane/canary/freshness.ts';
import { until } from '../testing/canary-bed.ts';
import { PaceMaker } from './pace-maker.ts';

let store: ControlStore;
let makers: PaceMaker[];
let isWanted: boolean;
beforeEach(async () => {
  store = await ControlStore.open(await createDatabase(''));
  makers = [];
  isWanted = true;
});
afterEach(async () => {
  await Promise.all(makers.map((maker) => maker.close()));
  await store.close();
});

function start(): PaceMaker {
  const maker = new PaceMaker(store, () => isWanted);
  makers.push(maker);
  maker.start();
  return maker;
}

const tick = async (): Promise<number> => (await readPace(store))?.tick ?? 0;
const reaches = (wanted: number): Promise<void> => until(async () => (await tick()) >= wanted);

describe('the pace of the sync', () => {
  it('never makes two ticks closer than the proxies count with, whoever drives it and whatever is lost', async () => {
    await store.query('CREATE TABLE seen (at timestamptz, generation text, tick bigint)');
    await store.query(`
      CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.tick <> OLD.tick THEN INSERT INTO seen VALUES (clock_timestamp(), NEW.generation, NEW.tick); END IF;
        RETURN NULL; END $$;
      CREATE TRIGGER see AFTER UPDATE ON strangler_control.pace FOR EACH ROW EXECUTE FUNCTION see()`);
    const first = start();
    await reaches(5);
    start();
    start();
    await reaches(12);
    await first.close();
    await reaches(18);
    await store.query(`UPDATE strangler_control.pace SET driver = 'somebody who died'`);
    const stuck = await tick();
    await reaches(stuck + 5);
    const rows = await store.query<{ ms: number; tick: string }>(
      `SELECT extract(epoch FROM at - lag(at) OVER (ORDER BY tick)) * 1000 AS ms, tick FROM seen`,
    );
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter(({ ms }) => ms !== null && Number(ms) < SHORTEST_TICK_MS)).toEqual([]);
    expect(new Set(rows.map((row) => row.tick)).size).toBe(rows.length);
  });

  it('rests while nobody wants it', async () => {
    isWanted = false;
    const maker = start();
    expect(maker.beginRound('catalog')).toBeNull();
    isWanted = true;
    await reaches(3);
    isWanted = false;
    await until(() => maker.beginRound('catalog') === null);
    const rested = await tick();
    isWanted = true;
    await reaches(rested + 1);
  });

  it('tells the tick that a round knew when it began, and not a later one', async () => {
    const maker = start();
    await reaches(2);
    let tell: (() => void) | null = null;
    await until(() => (tell = maker.beginRound('catalog')) !== null);
    const begun = await tick();
    await reaches(begun + 5);
    (tell as (() => void) | null)?.();
    await until(async () => (await readPace(store))?.applied['catalog'] !== undefined);
    expect((await readPace(store))?.applied['catalog']).toBeLessThanOrEqual(begun);
  });

  it('begins another counter when the store has lost it, and forgets what began before', async () => {
    const maker = start();
    await reaches(3);
    let tell: (() => void) | null = null;
    await until(() => (tell = maker.beginRound('catalog')) !== null);
    const before = await readPace(store);
    await store.query('TRUNCATE strangler_control.pace');
    await until(async () => {
      const now = await readPace(store);
      return now !== null && now.generation !== before?.generation && now.tick > 0;
    });
    (tell as (() => void) | null)?.();
    await reaches((await tick()) + 2);
    expect((await readPace(store))?.applied).toEqual({});
  });

  it('keeps its table unlogged: after a crash it has to be empty, and must not have gone back', async () => {
    const [table] = await store.query<{ kind: string }>(
      `SELECT relpersistence AS kind FROM pg_class WHERE oid = 'strangler_control.pace'::regclass`,
    );
    expect(table?.kind).toBe('u');
  });
});
