import { answerOf, Refused } from './call.ts';

const TRIES = 60;
const PAUSE_MS = 1000;

/**
 * Orders something that is carried out once, however often it is asked for: when the connection is cut before the
 * answer, the same is asked again under the same key, until it is known how it ended.
 */
export async function placeOrder<Answer>(
  ask: (header: { 'idempotency-key': string }) => Parameters<typeof answerOf<Answer>>[0],
): Promise<Answer> {
  const header = { 'idempotency-key': newKey() };
  for (let left = TRIES; ; left -= 1) {
    try {
      return await answerOf(ask(header));
    } catch (error) {
      const isOpen =
        error instanceof Refused && ['unreachable', 'order-in-progress'].includes(error.problem.code);
      if (!isOpen || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** Not `randomUUID`, which browsers only have on loopback and over HTTPS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
}
