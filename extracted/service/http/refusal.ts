/** An answer other than success: thrown anywhere in a handler, sent by the error handler. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const badRequest = (message: string) => new Refusal(400, 'bad_request', message);
export const notFound = (message: string) => new Refusal(404, 'not_found', message);
export const conflict = (message: string) => new Refusal(409, 'conflict', message);
