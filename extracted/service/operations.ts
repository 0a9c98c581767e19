import type { Request, RequestHandler } from 'express';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

type Success<Operation> = Operation extends { responses: infer Responses }
  ? { [Status in keyof Responses & (200 | 201 | 204)]: WithBody<Status, Responses[Status]> }[keyof Responses &
      (200 | 201 | 204)]
  : never;

type WithBody<Status, Response> = Response extends { content: { 'application/json': infer Body } }
  ? { status: Status; body: Body; location?: string }
  : { status: Status };

/** What an operation of a service's openapi.yaml may answer; what it refuses, it throws. */
export type AnswerOf<Operations, Id extends keyof Operations> = Success<Operations[Id]>;

type Handler<Operation> = (request: Request) => Promise<Success<Operation>>;

/** One handler for each operation of an openapi.yaml: a missing, needless or wrong one is a type error. */
export type RoutesOf<Paths> = {
  [Path in keyof Paths]: {
    [Verb in Method & keyof Paths[Path] as undefined extends Paths[Path][Verb] ? never : Verb]: Handler<
      Paths[Path][Verb]
    >;
  };
};

/** Any service's routes, for what does not care which operations they are. */
export type AnyRoutes = Record<string, Partial<Record<Method, AnyHandler>>>;
type AnyHandler = (request: Request) => Promise<{ status: number; body?: unknown; location?: string }>;

/** Sends a handler's answer. */
export function sending(handler: AnyHandler): RequestHandler {
  return async (request, response) => {
    const { status, body, location } = await handler(request);
    response.status(status);
    if (location !== undefined) response.location(location);
    if (body === undefined) response.end();
    else response.json(body);
  };
}
