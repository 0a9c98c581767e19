import type { components } from '../../proxy/control/api.gen.ts';
import { CONTROL_ERRORS } from '../../proxy/control/lifecycle.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

type Problem = components['schemas']['Problem'];

/** A command cannot go on. The message is for a person and says what to do. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  /** What the control API said, when it was the one that said no. */
  readonly problem: Problem | null;

  constructor(
    exitCode: ExitCode,
    message: string,
    problem: Problem | null = null,
    options: ErrorOptions = {},
  ) {
    super(message, options);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.problem = problem;
  }
}

/** The control API's refusal, with the exit code that belongs to it. */
export function refusedBy(problem: Problem): CommandError {
  // A newer server may know codes that this command does not.
  const known = CONTROL_ERRORS[problem.code] as { exitCode: ExitCode } | undefined;
  return new CommandError(known?.exitCode ?? EXIT.failed, problem.detail, problem);
}
