import { describe, expect, it } from '@jest/globals';
import { resultOf } from './ended.ts';
import type { Decision, JournalEntry } from './journal.ts';
import type { ChangeState } from './protocol.ts';

const CHANGE = { migration: 'catalog', verb: 'cutover', from: 'canary', to: 'extracted', epoch: 3 } as const;
const entry = (decision: Decision, actor: string, epoch = 3): JournalEntry => ({
  ...{
    seq: 1,
    at: '2026-01-01T00:00:00Z',
    migration: 'catalog',
    kind: decision.kind,
    decision,
    epoch,
    actor,
  },
  ...{ reason: null, evidence: null, previousHash: '', hash: '' },
});
const STARTED = entry({ kind: 'cutover-started', from: 'canary', to: 'extracted' }, 'ann');
const DECIDED = entry({ kind: 'owner-changed', owner: 'service' }, 'ann');
const ended = (result: ChangeState['result'], reason: string | null, ...entries: JournalEntry[]) => {
  const end: ChangeState = { doing: null, result, reason, late: false };
  return resultOf([STARTED, ...entries], CHANGE, end, 12);
};

describe('the end of a change of owner that somebody else has ended', () => {
  it('is done when they finished it, whatever this run saw last', () => {
    const released = entry({ kind: 'writes-released' }, 'strangler');
    expect(ended('superseded', 'moved meanwhile', DECIDED, released)).toMatchObject({
      ...{ done: true, to: 'extracted', detail: 'finished by strangler' },
    });
  });

  it('is taken back by them when they did that, with their reason', () => {
    const aborting = entry({ kind: 'aborting', why: 'the coordinator was cut off' }, 'strangler');
    const back = entry({ kind: 'aborted', why: 'the coordinator was cut off' }, 'strangler');
    expect(() => ended('superseded', 'moved meanwhile', aborting)).toThrow(/being taken back, and not done/);
    expect(ended('superseded', 'moved meanwhile', aborting, back)).toMatchObject({
      done: false,
      to: 'canary',
      detail: 'taken back, everything is as before: given up by strangler: the coordinator was cut off',
    });
  });

  it('is no end yet when it is only decided, or only given up', () => {
    expect(() => ended('superseded', 'moved meanwhile', DECIDED)).toThrow(/decided but not finished/);
    const aborting = entry({ kind: 'aborting', why: 'late' }, 'ann');
    expect(() => ended('open', 'the monolith is away', aborting)).toThrow(/being taken back, and not done/);
  });

  it('has never begun when the journal has nothing of it; other changes of owner say nothing of this one', () => {
    const other = entry({ kind: 'aborting', why: 'late' }, 'bob', 2);
    expect(ended('superseded', 'bob was faster', other).detail).toBe('not begun: bob was faster');
  });

  it('has its own reason when the run took it back itself', () => {
    const aborting = entry({ kind: 'aborting', why: 'the proxy is stuck' }, 'ann');
    const back = entry({ kind: 'aborted', why: 'the proxy is stuck' }, 'ann');
    expect(ended('aborted', 'the proxy is stuck', aborting, back).detail).toBe(
      'taken back, everything is as before: the proxy is stuck',
    );
  });
});
