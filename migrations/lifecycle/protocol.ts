/**
 * The change of owner, forward (cutover) and back (rollback), as a pure function. It knows no clock, database or
 * promise: the runner carries out one effect at a time and feeds back what came of it.
 *
 *   started ─ hold ─ fence ─ drain ─ settle ─┬─ owner-changed ─ open ─ released          (completed)
 *                                            └─ aborting ─ lift ─ aborted                (as before)
 *
 * Two journal entries exclude each other: `owner-changed` and `aborting`. Before either, any failure leads to
 * `aborting`; after either, there is only the way on.
 */

/** What the runner does next. */
export type Effect =
  | 'journal-started'
  | 'await-held' // every live proxy holds new writes and has let running ones finish
  | 'raise-fence' // on the old owner
  | 'drain' // up to the barrier, which is read now: after the fence
  | 'settle' // compare the keys touched lately, raise the new owner's sequences
  | 'journal-owner-changed' // the point of no return
  | 'open' // the new owner takes writes, the old one follows
  | 'journal-released' // proxies release the held writes to the new owner
  | 'journal-aborting'
  | 'lift' // the old owner takes writes again
  | 'journal-aborted'; // proxies release the held writes to the old owner

/** What came of the effect. */
export type Outcome =
  | { kind: 'done' }
  /** It was not done, too late, or nobody knows. */
  | { kind: 'failed'; reason: string; late: boolean }
  /** The journal says otherwise: `found` is what it says of this change, `over` when it is closed. */
  | { kind: 'contradicted'; found: 'started' | 'owner-changed' | 'aborting' | 'over'; reason: string };

export interface ChangeState {
  /** The effect being carried out; null once the change is over. */
  doing: Effect | null;
  result: 'open' | 'completed' | 'aborted' | 'superseded';
  /** Why it was given up. */
  reason: string | null;
  /** True when it was given up because its time was over. */
  late: boolean;
}

/** Both ways through a change of owner, each in its one order. */
export interface Chain {
  forward: readonly Effect[];
  /** From the decision to take everything back. */
  back: readonly Effect[];
}

export const CHANGE_OF_OWNER: Chain = {
  forward: [
    'journal-started',
    'await-held',
    'raise-fence',
    'drain',
    'settle',
    'journal-owner-changed',
    'open',
    'journal-released',
  ],
  back: ['journal-aborting', 'lift', 'journal-aborted'],
};

/** Effects that failing leads to `aborting`. All later ones are done again until they succeed. */
const CAN_ABORT: ReadonlySet<Effect> = new Set<Effect>([
  'await-held',
  'raise-fence',
  'drain',
  'settle',
  'journal-owner-changed',
]);

export const begin = (): ChangeState => ({
  doing: 'journal-started',
  result: 'open',
  reason: null,
  late: false,
});

/** The one legal next step of a change that was cut off, by the newest thing the journal says of it. */
export function resumeFrom(phase: 'started' | 'owner-changed' | 'aborting'): ChangeState {
  const doing = { started: 'journal-aborting', 'owner-changed': 'open', aborting: 'lift' } as const;
  return {
    doing: doing[phase],
    result: 'open',
    reason: phase === 'owner-changed' ? null : 'the coordinator was cut off',
    late: false,
  };
}

/**
 * `(state, outcome of what was being done) → state`; the new state's `doing` is the next effect.
 *
 * @param chain another one than ours only where a test breaks the protocol on purpose
 */
export function step(state: ChangeState, outcome: Outcome, chain: Chain = CHANGE_OF_OWNER): ChangeState {
  const { doing } = state;
  if (doing === null) return state;
  if (outcome.kind === 'contradicted') {
    const { found, reason } = outcome;
    const isOurs = doing !== 'journal-started';
    if (isOurs && (found === 'owner-changed' || found === 'aborting'))
      return { ...resumeFrom(found), reason };
    return { doing: null, result: 'superseded', reason: outcome.reason, late: false };
  }
  if (outcome.kind === 'failed') {
    const { reason, late } = outcome;
    if (doing === 'journal-started') return { doing: null, result: 'aborted', reason, late };
    if (CAN_ABORT.has(doing)) return { ...state, doing: 'journal-aborting', reason, late };
    return state;
  }
  const way = chain.back.includes(doing) ? chain.back : chain.forward;
  const next = way[way.indexOf(doing) + 1];
  if (next !== undefined) return { ...state, doing: next };
  return { ...state, doing: null, result: doing === 'journal-released' ? 'completed' : 'aborted' };
}
