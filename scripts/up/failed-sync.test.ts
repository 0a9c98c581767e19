import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openDatabase } from '../../migrations/databases/open.ts';
import { shapeToKeep } from '../../migrations/drift/shape.ts';
import { openSynced } from '../../migrations/lifecycle/capability.ts';
import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { TwoDatabases } from '../../migrations/testing/two-databases.ts';
import { twoDatabases } from '../../migrations/testing/two-databases.ts';
import { reportOfFailure } from './failed-sync.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
});
afterEach(() => bed.close());

const STATE = { migration: 'catalog', owner: 'monolith', epoch: 0, stage: 'dual-write' } as MigrationState;

it('says what is behind, parked and changed when a sync cannot begin for want of a mapped column', async () => {
  const kept = await shapeToKeep(bed.synced);
  await bed.service.query(`ALTER TABLE product ADD CONSTRAINT short CHECK (length(sku) < 5)`);
  await bed.monolith.query(`INSERT INTO item (id, code, price) VALUES (1, 'too long', 1)`);
  await bed.catchUp();
  await bed.monolith.query('ALTER TABLE item DROP COLUMN code');
  await bed.monolith.query(`UPDATE item SET price = 2`);
  const error: unknown = await openSynced(bed.capability, 'dual-write').catch((fault: unknown) => fault);
  const report = await reportOfFailure(bed.capability, STATE, error, kept);
  expect(report).toMatchObject({ state: 'stalled', lagChanges: 1, parked: 1, parkedKeys: 1 });
  expect(report.detail).toContain('"code"');
  expect(report.lagSeconds).toBeGreaterThan(0);
  expect(report.drift).toMatchObject([{ table: 'item', column: 'code', effect: 'parks' }]);
});

it('says why at least, when a database is away', async () => {
  const away = openDatabase('postgres://postgres@127.0.0.1:1/away', 'service catalog');
  const capability = { ...bed.capability, databases: { ...bed.databases, service: away } };
  const report = await reportOfFailure(capability, STATE, new Error('it is away'), null);
  expect(report).toMatchObject({ state: 'stalled', detail: 'it is away', lagChanges: 0, drift: [] });
  await away.close();
});
