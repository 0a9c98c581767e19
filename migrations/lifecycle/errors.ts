import type { GateResult } from './gates.ts';
import type { JournalEntry } from './journal.ts';
import type { MigrationState } from './fold.ts';
import { ALLOWED_MOVES } from './stages.ts';
import type { Stage, Verb } from './stages.ts';

/** Everything with which a move may be refused or fail, each with what to do. */
export class LifecycleError extends Error {
  override name = 'LifecycleError';
}

export class UnknownMigrationError extends LifecycleError {
  override name = 'UnknownMigrationError';
  constructor(migration: string, known: readonly string[]) {
    super(`there is no migration "${migration}"; strangler.yaml has ${known.join(', ') || 'none'}`);
  }
}

export class MoveNotAllowedError extends LifecycleError {
  override name = 'MoveNotAllowedError';
  constructor(migration: string, verb: Verb, stage: Stage) {
    const allowed = Object.entries(ALLOWED_MOVES).flatMap(([name, moves]) => (moves[stage] ? [name] : []));
    super(
      `"${verb}" is not allowed while "${migration}" is in stage ${stage}; ` +
        (allowed.length > 0 ? `allowed: ${allowed.join(', ')}` : 'there is no way on from here'),
    );
  }
}

/** Migrations that move together stand at different stages, so no move could be one of all of them. */
export class MovedApartError extends LifecycleError {
  override name = 'MovedApartError';
  constructor(states: readonly Pick<MigrationState, 'migration' | 'stage'>[]) {
    const names = states.map(({ migration }) => migration);
    const where = states.map(({ migration, stage }) => `${migration} is ${stage}`).join(', ');
    super(
      `${names.join(' and ')} move together and are at different stages: ${where}; ` +
        'take them out of `together`, bring them to one stage, and put them back',
    );
  }
}

export class GateRefusedError extends LifecycleError {
  override name = 'GateRefusedError';
  readonly gates: readonly GateResult[];
  constructor(migration: string, verb: Verb, gates: readonly GateResult[]) {
    const failed = gates.filter((gate) => !gate.passed && !gate.overridden);
    super(
      `"${verb}" of "${migration}" refused: ` +
        failed.map((gate) => `${gate.gate} is ${gate.value}, needs ${gate.threshold}`).join('; '),
    );
    this.gates = gates;
  }
}

/** A gate cannot be overridden in the way that was asked for. */
export class OverrideError extends LifecycleError {
  override name = 'OverrideError';
}

export class MoveUnderWayError extends LifecycleError {
  override name = 'MoveUnderWayError';
  constructor(migration: string, verb: string, by: string, since: string) {
    super(
      `"${verb}" of "${migration}" is under way, started by ${by} at ${since}; wait for it, or take it on with \`strangler resume\``,
    );
  }
}

export class NothingToAbortError extends LifecycleError {
  override name = 'NothingToAbortError';
}

export class NotRetiredError extends LifecycleError {
  override name = 'NotRetiredError';
  constructor(migration: string, stage: Stage) {
    super(`"${migration}" is not retired; it is in stage ${stage}`);
  }
}

export class KeysInUseError extends LifecycleError {
  override name = 'KeysInUseError';
  constructor(migration: string, space: string, by: string, stage: Stage) {
    super(
      `the key space "${space}" of "${migration}" is that of "${by}" too, which is in stage ${stage}; retire that first, nothing was forgotten`,
    );
  }
}

export class NotCoordinatorError extends LifecycleError {
  override name = 'NotCoordinatorError';
  constructor() {
    super('this control process does not lead: another one on this store does, or the store is away');
  }
}

export class OutdatedOrderError extends LifecycleError {
  override name = 'OutdatedOrderError';
  constructor(migration: string) {
    super(`"${migration}" was moved since its traffic was looked at; what was seen says nothing about now`);
  }
}

export class JournalForkedError extends LifecycleError {
  override name = 'JournalForkedError';
}

export class JournalConflictError extends LifecycleError {
  override name = 'JournalConflictError';
  constructor(migration: string, newer: JournalEntry) {
    super(
      `"${migration}" was moved meanwhile: ${newer.actor} wrote "${newer.kind}" at ${newer.at}; look at the status and decide again`,
    );
  }
}

export class MoveFailedError extends LifecycleError {
  override name = 'MoveFailedError';
  /** True when it was given up because its time was over. */
  readonly late: boolean;
  constructor(message: string, late: boolean) {
    super(message);
    this.late = late;
  }
}
