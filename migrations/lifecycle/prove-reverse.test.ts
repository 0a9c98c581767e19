import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { proveReverse } from './prove-reverse.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
  await bed.monolith.query(
    `INSERT INTO item (code, price, qty) VALUES ('a', 1, 1), ('b', 2, 2), ('c', 3, 3)`,
  );
  await bed.catchUp();
});
afterEach(() => bed.close());

describe('the way back is tried while the owner has moved on', () => {
  it('and is proven by what both sides have alike: two rows of the owner have changed their unique values', async () => {
    await bed.monolith.query(`UPDATE item SET code = 'between' WHERE code = 'a'`);
    await bed.monolith.query(`UPDATE item SET code = 'a' WHERE code = 'b'`);
    await bed.monolith.query(`UPDATE item SET code = 'b' WHERE code = 'between'`);
    expect(await proveReverse(bed.synced, 'monolith', 0)).toEqual({ missing: [], failed: [] });
  });

  it('and is proven although a row is deleted to which a part would belong', async () => {
    await bed.monolith.query(`DELETE FROM item WHERE code = 'a'`);
    expect(await proveReverse(bed.synced, 'monolith', 0)).toEqual({ missing: [], failed: [] });
  });

  it('and is not proven when the owner refuses also what it has', async () => {
    await bed.monolith.query('ALTER TABLE item ADD CONSTRAINT never CHECK (price < 0) NOT VALID');
    expect(await proveReverse(bed.synced, 'monolith', 0)).toMatchObject({
      missing: [],
      failed: [
        expect.stringMatching(/item → product cannot be written back: .*"never"/),
        expect.stringMatching(/item → stock cannot be written back: .*"never"/),
      ],
    });
  });
});
