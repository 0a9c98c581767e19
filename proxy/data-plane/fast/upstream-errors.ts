/** Why there is no answer that could be passed on. Codes are those that node has for the same. */
class AnswerError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.name = 'AnswerError';
    this.code = code;
  }
}

/** The connection ended before the answer did. */
export function hangUp(): Error {
  return new AnswerError('The upstream hung up.', 'ECONNRESET');
}

/** It is not HTTP, or HTTP that could be read in two ways. */
export function brokenAnswer(): Error {
  return new AnswerError('The answer is not HTTP/1.1 as the standard has it.', 'HPE_INVALID_ANSWER');
}

/** Its head is longer than any should be. */
export function overflow(): Error {
  return new AnswerError('The head of the answer is too large.', 'HPE_HEADER_OVERFLOW');
}

/** Nobody asked it to. */
export function switchedProtocol(): Error {
  return new Error('it switched to another protocol without being asked');
}
