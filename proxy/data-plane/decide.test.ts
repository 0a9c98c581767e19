import { describe, expect, it } from '@jest/globals';
import { decide, type Client } from './decide.ts';
import type { Standing } from './standing.ts';
import { standing } from './testing/bed.ts';

const STAGES = ['legacy', 'dual-write', 'shadow', 'canary', 'extracted', 'retired'] as const;
const nobody = (): Client => {
  throw new Error('Only a canary read may ask who the client is.');
};

const decided = (
  part: Partial<Standing>,
  kind: 'reads' | 'writes',
  more: { live?: boolean; client?: () => Client } = {},
) =>
  decide({
    migration: 'catalog',
    kind,
    standing: standing({ epoch: 7, ...part }),
    seq: 3,
    leaseIsLive: more.live ?? true,
    client: more.client ?? nobody,
  });

describe('deciding who answers', () => {
  it('leaves a migration that the journal does not know to the monolith', () => {
    const given = { migration: 'catalog', seq: 3, leaseIsLive: false, standing: null, client: nobody };
    for (const kind of ['reads', 'writes'] as const) {
      expect(decide({ ...given, kind })).toEqual({
        side: 'monolith',
        reason: 'legacy',
        epoch: 0,
        seq: 3,
        waits: false,
      });
    }
  });

  it.each(
    STAGES.flatMap((stage) => (['monolith', 'service'] as const).map((owner) => [stage, owner] as const)),
  )('sends a write in stage %s to its owner, %s', (stage, owner) => {
    expect(decided({ stage, owner }, 'writes')).toEqual({
      side: owner,
      reason: 'owner',
      epoch: 7,
      seq: 3,
      waits: false,
    });
  });

  it.each([
    ['legacy', 'monolith'],
    ['dual-write', 'monolith'],
    ['shadow', 'monolith'],
    ['extracted', 'service'],
    ['retired', 'service'],
  ] as const)('sends a read in stage %s to the %s, whoever the owner is', (stage, side) => {
    for (const owner of ['monolith', 'service'] as const) {
      expect(decided({ stage, owner }, 'reads')).toMatchObject({ side, epoch: 7, waits: false });
    }
  });

  it('splits canary reads by the weight, and sends those of a client that just wrote to the owner', () => {
    const client = (wroteLately: boolean) => () => ({ id: 'abcdefghijklmnop', wroteLately });
    const side = (weight: number, wrote: boolean) =>
      decided({ stage: 'canary', weight }, 'reads', { client: client(wrote) }).side;
    expect([side(0, false), side(100, false), side(100, true)]).toEqual(['monolith', 'service', 'monolith']);
  });

  it.each(STAGES)('lets a write in stage %s wait while its owner changes, and no read', (stage) => {
    const client = () => ({ id: 'a', wroteLately: false });
    expect(decided({ stage, holdWrites: true }, 'writes').waits).toBe(true);
    expect(decided({ stage, holdWrites: true }, 'reads', { client }).waits).toBe(false);
  });

  it('lets writes wait without a lease only in the stages in which a move could have been missed', () => {
    const waiting = STAGES.filter((stage) => decided({ stage }, 'writes', { live: false }).waits);
    expect(waiting).toEqual(['shadow', 'canary', 'extracted']);
    expect(decided({ stage: 'extracted' }, 'reads', { live: false }).waits).toBe(false);
  });
});
