import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Decision, JournalEntry } from './journal.ts';
import type { Effect, Outcome } from './protocol.ts';
import { begin, step } from './protocol.ts';
import { replay } from './replay.ts';
import type { RunRecord, StepRecord } from './run-record.ts';

const journal = (...said: [Decision, number][]): JournalEntry[] =>
  said.map(([decision, epoch], i) => ({
    seq: i + 1,
    at: '2026-01-01T00:00:00.000Z',
    migration: 'catalog',
    kind: decision.kind,
    decision,
    epoch,
    actor: 'ann',
    reason: null,
    evidence: null,
    previousHash: '',
    hash: '',
  }));
const toCanary: [Decision, number][] = [
  [{ kind: 'sync-started' }, 1],
  [{ kind: 'stage-changed', verb: 'sync', from: 'legacy', to: 'dual-write', weight: 0 }, 1],
  [{ kind: 'stage-changed', verb: 'shadow', from: 'dual-write', to: 'shadow', weight: 0 }, 1],
];
const cutover: [Decision, number][] = [
  [{ kind: 'cutover-started', from: 'shadow', to: 'extracted' }, 2],
  [{ kind: 'owner-changed', owner: 'service' }, 2],
  [{ kind: 'writes-released' }, 2],
];
const run = (steps: StepRecord[], beganFrom: RunRecord['beganFrom'] = 'order'): RunRecord => ({
  id: 'one',
  migration: 'catalog',
  epoch: 2,
  together: { catalog: 2 },
  actor: 'ann',
  beganFrom,
  steps,
});
const done = (...effects: Effect[]): StepRecord[] =>
  effects.map((effect) => ({ effect, outcome: 'done', ms: 1, times: 1 }));

describe('a journal that is held against the protocol', () => {
  it('is right when each decision may follow the one before', () => {
    expect(replay(journal(...toCanary, ...cutover), [])).toEqual([]);
  });

  it('is wrong when of two that move together only one is told of', () => {
    const together = ['catalog', 'cart'];
    const [started, changed, released] = cutover.map(([decision, epoch]): [Decision, number] => [
      decision.kind === 'cutover-started' ? { ...decision, together } : decision,
      epoch,
    ]) as [[Decision, number], [Decision, number], [Decision, number]];
    const of = (said: [Decision, number][], first: number): JournalEntry[] =>
      journal(...said).flatMap((entry, i) =>
        together.slice(0, i === first ? 1 : 2).map((migration) => ({ ...entry, migration })),
      );
    const numbered = (entries: JournalEntry[]): JournalEntry[] =>
      entries.map((entry, i) => ({ ...entry, seq: i + 1 }));
    const whole = [...toCanary, started, changed, released];
    expect(replay(numbered(of(whole, -1)), [])).toEqual([]);
    expect(replay(numbered(of(whole, 4)), [])).toContainEqual(
      expect.stringContaining('"owner-changed" of "catalog" without "cart"'),
    );
  });

  it.each<[string, [Decision, number][], RegExp]>([
    [
      'an owner who changes without a beginning',
      [[{ kind: 'owner-changed', owner: 'service' }, 2]],
      /no change is/,
    ],
    ['writes that are released before the decision', [cutover[0]!, cutover[2]!], /is "started"/],
    [
      'an epoch that was there before',
      [[{ kind: 'cutover-started', from: 'shadow', to: 'extracted' }, 1]],
      /not above 1/,
    ],
    [
      'a change that begins while one is under way',
      [cutover[0]!, [{ ...cutover[0]![0] }, 3]],
      /is under way/,
    ],
    [
      'a decision both ways',
      [cutover[0]!, cutover[1]!, [{ kind: 'aborting', why: '' }, 2]],
      /is "owner-changed"/,
    ],
    [
      'an owner who takes over from itself',
      [cutover[0]!, [{ kind: 'owner-changed', owner: 'monolith' }, 2]],
      /who has it/,
    ],
    [
      'a stage that is left out',
      [[{ kind: 'stage-changed', verb: 'retire', from: 'extracted', to: 'retired', weight: 0 }, 1]],
      /from stage shadow/,
    ],
  ])('is wrong with %s', (_, said, why) => {
    const wrong = replay(journal(...toCanary, ...said), []);
    expect(wrong[0]).toMatch(why);
  });
});

describe('a run that is held against the protocol', () => {
  const all = journal(...toCanary, ...cutover);

  it('is right whatever comes of its steps, and wherever it is cut off', () => {
    const outcome: fc.Arbitrary<Outcome> = fc.oneof(
      fc.constant({ kind: 'done' } as const),
      fc.record({ kind: fc.constant('failed' as const), reason: fc.constant('x'), late: fc.boolean() }),
      fc.record({
        kind: fc.constant('contradicted' as const),
        found: fc.constantFrom('started', 'owner-changed', 'aborting', 'over'),
        reason: fc.constant('y'),
      }),
    );
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 20 }), (outcomes) => {
        let state = begin();
        const steps: StepRecord[] = [];
        for (const one of outcomes) {
          if (state.doing === null) break;
          steps.push({
            effect: state.doing,
            outcome: one.kind,
            ms: 1,
            times: 1,
            ...(one.kind === 'failed' && one.late ? { late: true as const } : {}),
            ...(one.kind === 'contradicted' ? { found: one.found } : {}),
          });
          state = step(state, one);
        }
        expect(replay(all, [run(steps)])).toEqual([]);
      }),
    );
  });

  it.each<[string, StepRecord[], RunRecord['beganFrom'], string]>([
    [
      'a barrier before the fence',
      done('journal-started', 'await-held', 'drain'),
      'order',
      'does "raise-fence"',
    ],
    [
      'a decision without the drain',
      done('journal-started', 'await-held', 'raise-fence', 'journal-owner-changed'),
      'order',
      'does "drain"',
    ],
    ['a change that is taken on and goes forward', done('raise-fence'), 'started', 'does "journal-aborting"'],
    ['steps after its end', done('lift', 'journal-aborted', 'open'), 'aborting', 'ends'],
  ])('is wrong with %s', (_, steps, from, why) => {
    expect(replay(all, [run(steps, from)])[0]).toContain(why);
  });

  it('is wrong when it says that it journaled what is not there', () => {
    const whole = done('open', 'journal-released');
    expect(replay(journal(...toCanary, ...cutover.slice(0, 2)), [run(whole, 'owner-changed')])).toEqual([
      'run one of "catalog" journaled "writes-released" for epoch 2, which is not there',
    ]);
  });
});
