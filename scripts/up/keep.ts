import { UnreachableDatabaseError } from '../../migrations/databases/errors.ts';
import { AnswerTable } from '../../migrations/lifecycle/keep-answers.ts';
import { SessionTable } from '../../migrations/lifecycle/keep-sessions.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { Role } from '../../proxy/control/auth/caller.ts';
import type { SessionStore } from '../../proxy/control/auth/sessions.ts';
import { ControlError } from '../../proxy/control/lifecycle.ts';
import type { KeptAnswer, KeptAnswers } from '../../proxy/control/orders/kept-answers.ts';

/** The sessions of pages, in the control store. */
export function sessionsIn(store: ControlStore): SessionStore {
  const table = new SessionTable<Role>(store);
  return {
    keep: (session) => orUnreachable(table.keep(session)),
    find: (digest) => orUnreachable(table.find(digest)),
    forget: (digest) => orUnreachable(table.forget(digest)),
  };
}

/** What was answered to orders, in the control store. */
export function answersIn(store: ControlStore): KeptAnswers & { close(): void } {
  const table = new AnswerTable<KeptAnswer>(store);
  return {
    claim: (order) => orUnreachable(table.claim(order)),
    keep: (order, answer) => orUnreachable(table.keep(order, answer)),
    release: (order) => orUnreachable(table.release(order)),
    close: () => table.close(),
  };
}

function orUnreachable<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw error instanceof UnreachableDatabaseError ? new ControlError('unreachable', error.message) : error;
  });
}
