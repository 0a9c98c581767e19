import type { CONTROL_ERRORS } from '../../proxy/control/lifecycle.ts';

/** What every command ends with; scripts may rely on it. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, timedOut: 4, interrupted: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Does not compile when the control API has an error whose exit code is not among these. */
true satisfies (typeof CONTROL_ERRORS)[keyof typeof CONTROL_ERRORS]['exitCode'] extends ExitCode
  ? true
  : never;

/** The end of every `--help`. */
export const EXIT_CODES_HELP = `
Exit codes:
  ${EXIT.done}    done
  ${EXIT.failed}    failed, given up, or differences remain
  ${EXIT.usage}    wrong usage: an unknown command, migration or option, a move that the stage does not
       allow, a configuration that is not valid
  ${EXIT.refused}    refused by a gate, or would be (plan, --dry-run); a request that the proxy would refuse (explain)
  ${EXIT.timedOut}    timed out
  ${EXIT.interrupted}  interrupted with Ctrl-C
`;
