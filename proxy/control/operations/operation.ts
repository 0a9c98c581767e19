import type { Request, Response } from 'express';
import type { operations } from '../api.gen.ts';
import type { Role } from '../auth/caller.ts';

export type OperationId = keyof operations;

/** What an operation answers when it succeeds, by the document. `void` for an answer without a body. */
type Answer<Id extends OperationId> = operations[Id]['responses'] extends {
  200: { content: { 'application/json': infer Body } };
}
  ? Body
  : void;

type Handler<Id extends OperationId> = (request: Request, response: Response) => Promise<Answer<Id>>;

export interface Operation {
  method: 'get' | 'post' | 'delete';
  /** As Express writes it. */
  path: string;
  /** Who may; null for everybody, signed in or not. */
  role: Role | null;
  /** Changes something: may carry an `Idempotency-Key`. */
  isOrder: boolean;
  handle: (request: Request, response: Response) => Promise<unknown>;
}

/** Each with the answer that the document promises. */
export type Operations = { [Id in OperationId]: Operation & { handle: Handler<Id> } };

type Handle<Result> = (request: Request, response: Response) => Promise<Result>;

/** Looks. */
export function get<Result>(path: string, handle: Handle<Result>) {
  return { method: 'get' as const, path, role: 'viewer' as const, isOrder: false, handle };
}

/** Changes something. */
export function post<Result>(path: string, handle: Handle<Result>) {
  return { method: 'post' as const, path, role: 'operator' as const, isOrder: true, handle };
}

/** Needs a body, and changes nothing. */
export function ask<Result>(path: string, handle: Handle<Result>) {
  return { method: 'post' as const, path, role: 'viewer' as const, isOrder: false, handle };
}

/** For everybody, signed in or not. */
export function open<Result, Method extends Operation['method']>(
  operation: Omit<Operation, 'handle' | 'method'> & { method: Method; handle: Handle<Result> },
) {
  return { ...operation, role: null };
}
