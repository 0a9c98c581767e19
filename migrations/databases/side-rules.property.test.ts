import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Dialect } from '../testing/databases.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { StaleEpochError } from './errors.ts';
import type { SideRow } from './side-rules.ts';
import { becomeFollower, becomeOwner, raiseFence, takesWrites } from './side-rules.ts';

const TABLES = ['maker', 'item'];
const DIALECTS: Dialect[] = ['postgres', 'mysql'];

/** What coordinators ask for: about the present epoch, too old or too new. */
const asked = fc.record({
  what: fc.constantFrom('raiseFence', 'becomeOwner', 'becomeFollower'),
  epoch: fc.integer({ min: -2, max: 2 }),
  attempt: fc.integer({ min: -2, max: 2 }),
});
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

describe.each(DIALECTS)('a side on %s', (dialect) => {
  let bed: TwoDatabases;
  beforeAll(async () => {
    bed = await twoDatabases({ monolith: dialect, service: 'postgres' });
    await bed.install();
  });
  afterAll(() => bed.close());

  it('does what the rules say, whoever asks for what and in which order', async () => {
    const sequences = fc.array(asked, { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(sequences, async (sequence) => {
        for (const each of sequence) await holdsTo(each);
      }),
      { numRuns: 40 },
    );
  });

  async function holdsTo({ what, epoch: by, attempt: tried }: Asked): Promise<void> {
    const { monolith } = bed.databases;
    const before = await row();
    const epoch = Math.max(0, before.epoch + by);
    const attempt = Math.max(0, before.attempt + tried);
    const [expected, done] =
      what === 'raiseFence'
        ? [raiseFence(before, attempt), monolith.raiseFence('catalog', TABLES, BigInt(attempt), 5000)]
        : what === 'becomeOwner'
          ? [
              becomeOwner(before, epoch, attempt),
              monolith.becomeOwner('catalog', TABLES, BigInt(epoch), BigInt(attempt)),
            ]
          : [
              becomeFollower(before, epoch),
              monolith.becomeFollower('catalog', BigInt(epoch), 'service catalog'),
            ];
    if (expected) await done;
    else await expect(done).rejects.toThrow(StaleEpochError);
    const after = await row();
    expect(after).toEqual(expected ?? before);
    const write = bed.sql('monolith', `INSERT INTO maker (nm) VALUES ('a')`);
    if (takesWrites(after)) await write;
    else await expect(write).rejects.toThrow('is fenced');
  }

  async function row(): Promise<SideRow> {
    const side = await bed.databases.monolith.sideState('catalog');
    if (!side) throw new Error('the side is installed');
    return { role: side.role, epoch: Number(side.epoch), attempt: Number(side.attempt) };
  }
});
