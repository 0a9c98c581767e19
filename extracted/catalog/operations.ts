import type { Request, RequestHandler } from 'express';
import type { operations, paths } from './api.gen.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

type Success<Operation> = Operation extends { responses: infer Responses }
  ? { [Status in keyof Responses & (200 | 201 | 204)]: WithBody<Status, Responses[Status]> }[keyof Responses &
      (200 | 201 | 204)]
  : never;

type WithBody<Status, Response> = Response extends { content: { 'application/json': infer Body } }
  ? { status: Status; body: Body; location?: string }
  : { status: Status };

/** What an operation of openapi.yaml may answer; what it refuses, it throws. */
export type Answer<Id extends keyof operations> = Success<operations[Id]>;

type Handler<Operation> = (request: Request) => Promise<Success<Operation>>;

/** One handler for each operation of openapi.yaml: a missing, needless or wrong one is a type error. */
export type Routes = {
  [Path in keyof paths]: {
    [Verb in Method as undefined extends paths[Path][Verb] ? never : Verb]: Handler<paths[Path][Verb]>;
  };
};

/** Sends a handler's answer. */
export function sending(
  handler: (request: Request) => Promise<{ status: number; body?: unknown; location?: string }>,
): RequestHandler {
  return async (request, response) => {
    const { status, body, location } = await handler(request);
    response.status(status);
    if (location !== undefined) response.location(location);
    if (body === undefined) response.end();
    else response.json(body);
  };
}
