/** Something in the configuration that the databases contradict; `path` leads to it within the table list. */
export interface MappingProblem {
  path: (string | number)[];
  message: string;
  /** Nothing is altered or lost by it: rows are parked. Refused before a sync begins, and borne while one is under way. */
  isRisk?: true;
}

export class MappingError extends Error {
  readonly problems: readonly MappingProblem[];
  constructor(problems: readonly MappingProblem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.name = 'MappingError';
    this.problems = problems;
  }
}
