import { setTimeout as pause } from 'node:timers/promises';

/**
 * Does a piece of work again and again, with a pause after each time.
 *
 * @param work must not fail; is told when it is to end
 * @param pauseMs milliseconds between two rounds
 * @returns ends it; resolves when the round that is under way is over
 */
export function inRounds(work: (signal: AbortSignal) => Promise<void>, pauseMs: number): () => Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  const run = async () => {
    while (!signal.aborted) {
      await work(signal);
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = run();
  return async () => {
    ending.abort();
    await running;
  };
}
