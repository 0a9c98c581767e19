import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { relayOnce } from '../relay/relay.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { drain } from './hand-over.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
  await bed.service.query(`ALTER TABLE manufacturer ADD CONSTRAINT good CHECK (name <> 'bad')`);
  await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES (1, 'bad')`);
  await relayOnce(bed.stream);
});
afterEach(() => bed.close());

const drained = (): Promise<void> =>
  drain(bed.synced, { oldOwner: 'monolith', epoch: 0, newEpoch: 1 }, performance.now() + 10_000);

describe('carrying over the rest at a change of owner', () => {
  it('fails while something is parked that the new owner does not take', async () => {
    await expect(drained()).rejects.toThrow('1 changes are parked');
  });

  it('tries once more what is parked: what it waited for may be there by now', async () => {
    await bed.service.query('ALTER TABLE manufacturer DROP CONSTRAINT good');
    await drained();
    expect((await bed.service.query('SELECT name FROM manufacturer')).rows).toEqual([{ name: 'bad' }]);
  });
});
