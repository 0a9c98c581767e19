import { describe, expect, it } from '@jest/globals';
import { decide, READ_YOUR_WRITES, type Client } from './decide.ts';
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
    kind,
    standing: standing({ epoch: 7, ...part }),
    seq: 3,
    leaseIsLive: more.live ?? true,
    client: more.client ?? nobody,
  });

describe('deciding who answers', () => {
  it('leaves a migration that the journal does not know to the monolith', () => {
    const given = { seq: 3, leaseIsLive: false, standing: null, client: nobody };
    for (const kind of ['reads', 'writes'] as const) {
      expect(decide({ ...given, kind })).toEqual({
        side: 'monolith',
        reason: 'legacy',
        stage: 'legacy',
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
      stage,
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

  it('splits canary reads by arm, and sends those of a client that is ahead of the service to the owner', () => {
    const read = (isInServiceArm: boolean, isAhead: boolean) =>
      decided({ stage: 'canary' }, 'reads', {
        client: () => ({ isInServiceArm, pinnedBy: null, isAhead }),
      }).side;
    expect([read(false, false), read(true, false), read(true, true)]).toEqual([
      'monolith',
      'service',
      'monolith',
    ]);
  });

  it('says which list pinned a client, unless its own write sends it to the owner', () => {
    const reason = (isAhead: boolean) =>
      decided({ stage: 'canary' }, 'reads', {
        client: () => ({ isInServiceArm: true, pinnedBy: 'always list', isAhead }),
      }).reason;
    expect([reason(false), reason(true)]).toEqual(['always list', READ_YOUR_WRITES]);
  });

  it.each(STAGES)('lets a write in stage %s wait while its owner changes, and no read', (stage) => {
    const client = () => ({ isInServiceArm: true, pinnedBy: null, isAhead: false });
    expect(decided({ stage, holdWrites: true }, 'writes').waits).toBe(true);
    expect(decided({ stage, holdWrites: true }, 'reads', { client }).waits).toBe(false);
  });

  it('lets writes wait without a lease only where a move could have been missed and no fence stands', () => {
    const waiting = (isFenced: boolean) =>
      STAGES.filter((stage) => decided({ stage, isFenced }, 'writes', { live: false }).waits);
    expect(waiting(false)).toEqual(['shadow', 'canary', 'extracted']);
    expect(waiting(true)).toEqual([]);
    expect(decided({ stage: 'extracted', isFenced: false }, 'reads', { live: false }).waits).toBe(false);
    expect(decided({ stage: 'canary', holdWrites: true }, 'writes', { live: false }).waits).toBe(true);
  });
});
