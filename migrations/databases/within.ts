import { AsyncLocalStorage } from 'node:async_hooks';

/** One time limit, with the connections that are in use under it. */
class Limit {
  readonly #inUse = new Map<symbol, { label: string; end: () => void }>();
  #isOver = false;

  use(label: string, end: () => void): () => void {
    const key = Symbol(label);
    this.#inUse.set(key, { label, end });
    if (this.#isOver) end();
    return () => void this.#inUse.delete(key);
  }

  /** Ends every connection that is in use; returns whose they are. */
  pass(): string[] {
    this.#isOver = true;
    const waitedFor = [...this.#inUse.values()];
    for (const { end } of waitedFor) end();
    return [...new Set(waitedFor.map(({ label }) => label))];
  }
}

const limits = new AsyncLocalStorage<Limit>();

/**
 * Does `work`, and gives it up after `ms`: a database that takes connections and never answers keeps nobody waiting, and
 * none of its pool's connections. They are ended, so nothing more is asked on them; what was asked before may still
 * arrive, and has to be refused there by its epoch or attempt.
 *
 * @param late makes the error, told which databases had not answered; none when it was waiting for something else
 */
export async function within<T>(
  ms: number,
  late: (waitedFor: readonly string[]) => Error,
  work: () => Promise<T>,
): Promise<T> {
  const limit = new Limit();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late(limit.pass())), Math.max(1, ms));
  const working = limits.run(limit, work);
  // Whoever was given up fails later, and nobody listens any more.
  working.catch(() => undefined);
  try {
    return await Promise.race([working, over]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Puts a connection under the limit that its user works under, if there is one.
 *
 * @param end breaks it at once, whatever it is doing
 * @returns to be called when it is not in use any more
 */
export function underLimit(label: string, end: () => void): () => void {
  return limits.getStore()?.use(label, end) ?? (() => undefined);
}
