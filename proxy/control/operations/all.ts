import type { SignInByOidc } from '../auth/oidc/sign-in-by-oidc.ts';
import type { SignIn } from '../auth/sign-in.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { EventStream } from '../stream/stream-events.ts';
import { operationsOfData } from './data.ts';
import { operationsOfMigrations } from './migrations.ts';
import type { Operation, OperationId, Operations } from './operation.ts';
import { operationsOfSessions } from './sessions.ts';
import { operationsOfWhole } from './whole.ts';

/** Everything the API can do: one line of routing each, and the compiler misses none of the document's. */
export function operationsOf(
  lifecycle: Lifecycle,
  events: EventStream,
  signIn: SignIn,
  byOidc: SignInByOidc,
): Record<OperationId, Operation> {
  return {
    ...operationsOfMigrations(lifecycle),
    ...operationsOfData(lifecycle),
    ...operationsOfWhole(lifecycle, events),
    ...operationsOfSessions(signIn, byOidc),
  } satisfies Operations;
}
