import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeChunk } from '../backfill/write-chunk.ts';
import type { Database } from '../databases/database.ts';
import { openDatabase } from '../databases/open.ts';
import { relayOnce } from '../relay/relay.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import type { Capability } from './capability.ts';
import { groundOf, streamFrom } from './capability.ts';
import { Coordinator } from './coordinator.ts';
import { JournalFollower } from './follow.ts';
import { fenceOldOwner } from './hand-over.ts';
import { ControlStore } from './store.ts';

let bed: TwoDatabases;
let store: ControlStore;
let closing: (() => Promise<void>)[];
beforeEach(async () => {
  bed = await twoDatabases();
  store = await ControlStore.open(bed.urls.control);
  closing = [];
});
afterEach(async () => {
  for (const close of closing) await close();
  await store.close();
  await bed.close();
});

async function coordinator(capability: Capability = bed.capability): Promise<Coordinator> {
  const journal = await JournalFollower.start(store);
  closing.push(() => journal.close());
  return new Coordinator({
    store,
    journal,
    capabilities: { byName: new Map([['catalog', capability]]) },
    shadowOf: async () => null,
    isLeading: () => true,
  });
}
const order = (verb: 'sync' | 'rollback') => ({ verb, weight: 0, actor: 'ann', reason: null }) as const;
const names = async () =>
  (await bed.service.query<{ name: string }>('SELECT name FROM manufacturer ORDER BY id')).rows;

/** The service's database, whose `install` waits to be let on. */
function sleepy(): { database: Database; asleep: Promise<void>; wake: () => void } {
  let wake: () => void = () => undefined;
  let fallAsleep: () => void = () => undefined;
  const woken = new Promise<void>((resolve) => (wake = resolve));
  const asleep = new Promise<void>((resolve) => (fallAsleep = resolve));
  const { service } = bed.databases;
  const install: Database['install'] = async (...what) => {
    fallAsleep();
    await woken;
    return service.install(...what);
  };
  return { database: { ...service, install }, asleep, wake };
}

describe('a coordinator that sleeps inside `sync`', () => {
  it('while another one syncs, wakes to a refusal and resets nothing', async () => {
    const { database, asleep, wake } = sleepy();
    const databases = { ...bed.databases, service: database };
    const late = (await coordinator({ ...bed.capability, databases })).move('catalog', order('sync'));
    late.catch(() => undefined);
    await asleep;
    const { epoch } = await (await coordinator()).move('catalog', order('sync'));
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('kept')`);
    await relayOnce(streamFrom(bed.synced, 'monolith', epoch));
    const before = await bed.databases.service.sideState('catalog');
    wake();
    await expect(late).rejects.toThrow(
      /migration "catalog" moved on: wanted an epoch up to 0, found epoch 2/,
    );
    expect(await bed.databases.service.sideState('catalog')).toEqual(before);
    expect(await names()).toEqual([{ name: 'kept' }]);
  });

  it('while another one syncs and takes it back, wakes and leaves nothing behind', async () => {
    const { database, asleep, wake } = sleepy();
    const databases = { ...bed.databases, service: database };
    const late = (await coordinator({ ...bed.capability, databases })).move('catalog', order('sync'));
    late.catch(() => undefined);
    await asleep;
    const other = await coordinator();
    await other.move('catalog', order('sync'));
    await other.move('catalog', order('rollback'));
    wake();
    await expect(late).rejects.toThrow('was moved meanwhile');
    expect(await bed.databases.service.sideState('catalog')).toBeNull();
    expect(await bed.databases.monolith.sideState('catalog')).toBeNull();
    await bed.service.query(`INSERT INTO manufacturer (name) VALUES ('not fenced')`);
  });
});

describe('a sync process that sleeps from one sync to the next', () => {
  it('can neither write the chunk that it had read, nor carry changes', async () => {
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('old')`);
    const moves = await coordinator();
    const first = await moves.move('catalog', order('sync'));
    const stream = streamFrom(bed.synced, 'monolith', first.epoch);
    const [makers] = stream.mapping.captured;
    if (!makers) throw new Error('the test mapping has tables');
    const chunk = await stream.source.readChunk('catalog', makers, null, 10);
    await moves.move('catalog', order('rollback'));
    await bed.monolith.query(`UPDATE maker SET nm = 'new'`);
    await moves.move('catalog', order('sync'));
    await expect(writeChunk(stream, 'maker', chunk, () => new Map())).rejects.toThrow('moved on');
    await expect(relayOnce(stream)).rejects.toThrow('moved on');
    expect(await names()).toEqual([]);
  });
});

describe('a cutover that was cut off', () => {
  it("is taken back also while the service's database is away", async () => {
    await (await coordinator()).move('catalog', order('sync'));
    const journal = await JournalFollower.start(store);
    closing.push(() => journal.close());
    const started = { kind: 'cutover-started', from: 'canary', to: 'extracted' } as const;
    const entry = { migration: 'catalog', epoch: 9, actor: 'ann', reason: null, evidence: null };
    await store.append({ ...entry, decision: started }, journal.state('catalog').seq);
    const ground = groundOf(bed.capability);
    if (!ground) throw new Error('the test mapping has tables');
    await fenceOldOwner(ground, { oldOwner: 'monolith', epoch: 0, newEpoch: 9 }, 1000);
    await expect(bed.monolith.query(`INSERT INTO maker (nm) VALUES ('a')`)).rejects.toThrow('fenced');
    const away = openDatabase('postgres://nobody@127.0.0.1:9/none', 'service catalog');
    closing.push(() => away.close());
    const databases = { ...bed.databases, service: away };
    await (await coordinator({ ...bed.capability, databases })).resume('bob');
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('a')`);
  });
});
