import { afterEach, describe, expect, it } from '@jest/globals';
import type { MigrationState } from '../lifecycle/fold.ts';
import { gatherEvidence } from '../lifecycle/evidence.ts';
import { gatesOf, judge } from '../lifecycle/gates.ts';
import { closeBeds, openBed } from '../mapping/testing/bed.ts';
import { repair } from '../verify/repair.ts';
import { verify } from '../verify/verify.ts';
import { lookForVanished } from './vanished.ts';

afterEach(closeBeds);

const TABLE = 'CREATE TABLE item (id integer PRIMARY KEY, part integer)';
const PAIRS = [{ from: 'item', to: 'item', key: { id: 'id' }, columns: { part: 'part' } }];
const some = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `(${from + i}, ${i % 2})`).join();

describe('rows that are gone in silence', () => {
  it('are noticed after a TRUNCATE in MySQL, also when new ones came, until they are repaired', async () => {
    const on = { monolith: 'mysql', service: 'postgres' } as const;
    const bed = await openBed({ monolith: TABLE, service: TABLE }, PAIRS, on);
    const stream = await bed.begin('monolith');
    await bed.monolith.sql(`INSERT INTO item VALUES ${some(1, 60)}`);
    await bed.catchUp();
    expect(await lookForVanished(stream, 'monolith')).toMatchObject({ found: [] });
    await bed.monolith.sql('TRUNCATE item');
    await bed.monolith.sql(`INSERT INTO item VALUES (1, 1)`);
    await bed.catchUp();
    const { found } = await lookForVanished(stream, 'monolith');
    expect(found).toMatchObject([
      { table: 'item', effect: 'not carried', message: expect.stringContaining('at least 49 (["2"])') },
    ]);
    const evidence = await gatherEvidence(
      bed.capability,
      { migration: 'm', owner: 'monolith', stage: 'shadow', epoch: 1 } as MigrationState,
      'cutover',
      { reports: new Map(), shadow: null, shape: null, rehearse: false, now: Date.now() },
    );
    const thresholds = { ...bed.capability.thresholds, addedColumns: 'allow' } as const;
    const gates = judge(gatesOf('cutover', 'shadow', true, false), evidence, thresholds);
    expect(gates.find(({ gate }) => gate === 'schema drift')).toMatchObject({ passed: false });
    await repair(stream, (await verify(stream)).found);
    expect((await lookForVanished(stream, 'monolith')).found).toEqual([]);
  });

  it('are noticed after a partition was detached, once the look comes by', async () => {
    const monolith =
      'CREATE TABLE item (id integer PRIMARY KEY, part integer) PARTITION BY RANGE (id);' +
      'CREATE TABLE item_1 PARTITION OF item FOR VALUES FROM (1) TO (101);' +
      'CREATE TABLE item_2 PARTITION OF item FOR VALUES FROM (101) TO (201)';
    const bed = await openBed({ monolith, service: TABLE }, PAIRS);
    const stream = await bed.begin('monolith');
    await bed.monolith.sql(`INSERT INTO item VALUES ${some(1, 200)}`);
    await bed.catchUp();
    await bed.monolith.sql('ALTER TABLE item DETACH PARTITION item_2');
    const looks: number[] = [];
    let { found, places } = await lookForVanished(stream, 'monolith');
    for (let i = 0; i < 5; i++) {
      looks.push(found.length);
      ({ found, places } = await lookForVanished(stream, 'monolith', places));
    }
    expect(looks).toEqual([0, 0, 1, 1, 0]);
  });

  it('are none while deletes are on their way, or parked', async () => {
    const bed = await openBed(
      { monolith: TABLE, service: `${TABLE}; CREATE TABLE child (id integer REFERENCES item)` },
      PAIRS,
    );
    const stream = await bed.begin('monolith');
    await bed.monolith.sql(`INSERT INTO item VALUES ${some(1, 10)}`);
    await bed.catchUp();
    await bed.monolith.sql('DELETE FROM item WHERE id < 3');
    expect((await lookForVanished(stream, 'monolith')).found).toEqual([]);
    await bed.service.sql('INSERT INTO child VALUES (1)');
    await bed.catchUp();
    expect(await bed.parked()).toHaveLength(1);
    expect((await lookForVanished(stream, 'monolith')).found).toEqual([]);
  });
});
