import { ContractError } from '../../migrations/contracts/document.ts';
import {
  DatabaseError,
  SilentDatabaseError,
  UnreachableDatabaseError,
} from '../../migrations/databases/errors.ts';
import {
  GateRefusedError,
  JournalConflictError,
  JournalForkedError,
  LifecycleError,
  MoveFailedError,
  MoveNotAllowedError,
  MoveUnderWayError,
  NotCoordinatorError,
  OverrideError,
  UnknownMigrationError,
} from '../../migrations/lifecycle/errors.ts';
import { ControlError } from '../../proxy/control/lifecycle.ts';
import type { Config } from '../config/read.ts';
import { locateMappingProblems } from './capabilities.ts';

/** Why the answer is no, in the API's words; what is no answer stays what it is. */
export function toControlError(error: unknown, config: Config, migration: string): unknown {
  if (error instanceof ControlError) return error;
  const located = locateMappingProblems(config, migration, error);
  if (located !== null) return new ControlError('bad-configuration', located);
  if (error instanceof GateRefusedError)
    return new ControlError('gate-refused', error.message, [...error.gates]);
  if (!(error instanceof Error)) return error;
  const code = codeOf(error);
  return code === null ? error : new ControlError(code, error.message);
}

function codeOf(error: Error): ConstructorParameters<typeof ControlError>[0] | null {
  if (error instanceof UnknownMigrationError) return 'unknown-migration';
  if (error instanceof MoveNotAllowedError) return 'move-not-allowed';
  if (error instanceof MoveUnderWayError || error instanceof JournalConflictError) return 'move-under-way';
  if (error instanceof MoveFailedError) return error.late ? 'timed-out' : 'failed';
  if (error instanceof UnreachableDatabaseError || error instanceof SilentDatabaseError) return 'unreachable';
  if (error instanceof NotCoordinatorError) return 'unreachable';
  if (error instanceof JournalForkedError) return 'journal-forked';
  if (error instanceof OverrideError) return 'bad-request';
  if (error instanceof LifecycleError) return 'move-not-allowed';
  if (error instanceof DatabaseError || error instanceof ContractError) return 'failed';
  return null;
}
