import type { Request } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { ControlError } from '../lifecycle.ts';

const ATTEMPTS = 10;
const WITHIN_SECONDS = 60;

/**
 * Counts wrong tokens by the address that they came from, and takes none from it for a while once they are too many.
 * Sessions of pages go on: nobody can lock those out who have signed in.
 */
export class AttemptLimit {
  readonly #limiter = new RateLimiterMemory({ points: ATTEMPTS, duration: WITHIN_SECONDS });

  /** Before a token is looked at: right ones too have to wait, or guessing would go on behind the limit. */
  async refuseTooMany(request: Request): Promise<void> {
    const seen = await this.#limiter.get(addressOf(request));
    if (seen === null || seen.consumedPoints < ATTEMPTS) return;
    throw new ControlError(
      'too-many-attempts',
      `Too many wrong tokens came from your address; try again in ${Math.ceil(seen.msBeforeNext / 1000)} s.`,
      [],
      Math.ceil(seen.msBeforeNext / 1000),
    );
  }

  async countWrong(request: Request): Promise<void> {
    await this.#limiter.consume(addressOf(request)).catch(() => undefined);
  }
}

/** Of an IPv6 address its network: a host has a whole one to itself. */
function addressOf(request: Request): string {
  const address = request.socket.remoteAddress ?? 'unknown';
  return address.includes(':') && !address.startsWith('::ffff:')
    ? address.split(':').slice(0, 4).join(':')
    : address;
}
