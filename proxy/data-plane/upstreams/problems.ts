import type { Problem, Side } from '../exchange.ts';
import { problemOfUpstream } from '../lane/problems.ts';

/** Why a side was not even asked. */
export type NotAskedReason = 'circuit open' | 'too many running';

/** A request that was kept away from a side: nothing of it was sent. */
export class NotAskedError extends Error {
  readonly reason: NotAskedReason;
  readonly retryAfterMs: number;

  constructor(reason: NotAskedReason, retryAfterMs: number) {
    super(`Not asked: ${reason}.`);
    this.name = 'NotAskedError';
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What the client is told when a side gave no answer, or was not asked for one. */
export function problemOf(error: Error, side: Side): Problem {
  if (!(error instanceof NotAskedError)) return problemOfUpstream(error, side);
  const isOpen = error.reason === 'circuit open';
  return {
    status: 503,
    title: isOpen ? `The ${side} is given time to recover` : `The ${side} has too much to do`,
    detail: isOpen
      ? `Nothing was sent: most requests to the ${side} failed of late, so that for a while it gets none (circuit).`
      : `Nothing was sent: as many requests run at the ${side} as it may be given at once (maxRunning).`,
    retryAfterSeconds: Math.ceil(error.retryAfterMs / 1000),
  };
}
