import { describe, expect, it } from '@jest/globals';
import type { ChangeState, Effect, Outcome } from './protocol.ts';
import { begin, resumeFrom, step } from './protocol.ts';

const done: Outcome = { kind: 'done' };
const failed: Outcome = { kind: 'failed', reason: 'broken', late: false };

/** Carries effects out until the end; `outcome` says what comes of each. */
function play(
  outcome: (effect: Effect, nth: number) => Outcome,
  from = begin(),
): { path: Effect[]; end: ChangeState } {
  const path: Effect[] = [];
  let state = from;
  while (state.doing !== null && path.length < 50) {
    path.push(state.doing);
    state = step(state, outcome(state.doing, path.length));
  }
  return { path, end: state };
}

const COMPLETE: Effect[] = [
  'journal-started',
  'await-held',
  'raise-fence',
  'drain',
  'settle',
  'journal-owner-changed',
  'open',
  'journal-released',
];
const TAKE_BACK: Effect[] = ['journal-aborting', 'lift', 'journal-aborted'];

describe('the protocol', () => {
  it('goes through its steps in one order: the barrier is read after the fence, the release after the decision', () => {
    expect(play(() => done)).toMatchObject({ path: COMPLETE, end: { result: 'completed' } });
  });

  it.each(['await-held', 'raise-fence', 'drain', 'settle', 'journal-owner-changed'] as const)(
    'takes everything back when %s fails',
    (broken) => {
      const { path, end } = play((effect) => (effect === broken ? failed : done));
      expect(path.slice(-3)).toEqual(TAKE_BACK);
      expect(end).toMatchObject({ result: 'aborted', reason: 'broken' });
    },
  );

  it.each(['open', 'journal-released', 'lift', 'journal-aborted'] as const)(
    'does %s again until it succeeds: what is decided is never half done',
    (stubborn) => {
      let failures = 0;
      const isAborting = TAKE_BACK.includes(stubborn);
      const { end } = play((effect) => {
        if (isAborting && effect === 'drain') return failed;
        return effect === stubborn && ++failures <= 5 ? failed : done;
      });
      expect(failures).toBe(6);
      expect(end.result).toBe(isAborting ? 'aborted' : 'completed');
    },
  );

  it('does nothing at all when the start was not journaled', () => {
    expect(play(() => failed)).toMatchObject({ path: ['journal-started'], end: { result: 'aborted' } });
  });

  it('has exactly one way on from each thing that the journal may say after a crash', () => {
    expect(play(() => done, resumeFrom('started'))).toMatchObject({
      path: TAKE_BACK,
      end: { result: 'aborted' },
    });
    expect(play(() => done, resumeFrom('aborting'))).toMatchObject({ path: TAKE_BACK.slice(1) });
    expect(play(() => done, resumeFrom('owner-changed'))).toMatchObject({
      path: ['open', 'journal-released'],
      end: { result: 'completed' },
    });
  });

  it('completes a decision whose answer was lost, when the journal has it after all', () => {
    const { path, end } = play((effect) => {
      if (effect === 'journal-owner-changed') return failed; // the answer was lost, the entry is there
      if (effect === 'journal-aborting') return { kind: 'contradicted', found: 'owner-changed', reason: 'x' };
      return done;
    });
    expect(path.slice(-2)).toEqual(['open', 'journal-released']);
    expect(end.result).toBe('completed');
  });

  it('steps aside when somebody else has closed the change', () => {
    const { end } = play((effect) =>
      effect === 'drain' ? { kind: 'contradicted', found: 'over', reason: 'ann did it' } : done,
    );
    expect(end).toMatchObject({ result: 'superseded', reason: 'ann did it' });
  });

  it('never decides both ways, whatever fails and whenever (all sequences of outcomes)', () => {
    let ends = 0;
    const explore = (state: ChangeState, path: Effect[], failuresLeft: number): void => {
      if (state.doing === null) {
        ends += 1;
        const hasChanged = path.includes('open');
        const hasAborted = path.includes('lift');
        expect(hasChanged && hasAborted).toBe(false);
        expect(state.result).toBe(hasChanged ? 'completed' : 'aborted');
        return;
      }
      expect(path.length).toBeLessThan(40);
      explore(step(state, done), [...path, state.doing], failuresLeft);
      if (failuresLeft > 0) explore(step(state, failed), [...path, state.doing], failuresLeft - 1);
    };
    explore(begin(), [], 4);
    expect(ends).toBeGreaterThan(50);
  });
});
