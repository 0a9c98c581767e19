import type { Effect, Outcome } from './protocol.ts';

/** A change of owner goes a step further. */
export interface ChangeStep {
  migration: string;
  verb: 'cutover' | 'rollback';
  /** That the change aims at. */
  epoch: number;
  effect: Effect;
  /** Null while it is being carried out. */
  outcome: Outcome | null;
  /** Since this step began. */
  ms: number;
  /** How long writes have been waiting by now; null while none do. */
  writesWaitMs: number | null;
}

/** Ends of the hold: then waiting writes go on. */
const RELEASING: ReadonlySet<Effect> = new Set<Effect>(['journal-released', 'journal-aborted']);

/** A change of owner as steps are told of. */
export type ToldChange = Pick<ChangeStep, 'migration' | 'verb' | 'epoch'>;

/** Tells of the steps of a change of owner, to each whose owner changes by it, and times the writes that wait for it. */
export class StepTeller {
  readonly #changes: readonly ToldChange[];
  readonly #tell: (step: ChangeStep) => void;
  #heldSince: number | null;

  /** @param isHeld whether writes wait already, as those of a change that was cut off do */
  constructor(changes: readonly ToldChange[], isHeld: boolean, tell: (step: ChangeStep) => void) {
    this.#changes = changes.map(({ migration, verb, epoch }) => ({ migration, verb, epoch }));
    this.#tell = tell;
    this.#heldSince = isHeld ? performance.now() : null;
  }

  /** What the runner of the protocol has to call. */
  observers(begun: (effect: Effect) => void): {
    observe(effect: Effect): void;
    noted(effect: Effect, outcome: Outcome, ms: number): void;
  } {
    return {
      observe: (effect) => {
        begun(effect);
        this.#say(effect, null, 0);
      },
      noted: (effect, outcome, ms) => this.#ended(effect, outcome, ms),
    };
  }

  #ended(effect: Effect, outcome: Outcome, ms: number): void {
    // They wait from the moment that the proxies may know of it.
    if (effect === 'journal-started') this.#heldSince ??= performance.now() - ms;
    this.#say(effect, outcome, ms);
    if (RELEASING.has(effect) && outcome.kind === 'done') this.#heldSince = null;
  }

  #say(effect: Effect, outcome: Outcome | null, ms: number): void {
    const writesWaitMs = this.#heldSince === null ? null : performance.now() - this.#heldSince;
    for (const change of this.#changes) this.#tell({ ...change, effect, outcome, ms, writesWaitMs });
  }
}
