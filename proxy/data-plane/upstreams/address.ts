import type { AddressHealth } from './health.ts';

/** One address of a side, and what runs there. */
export interface Address {
  readonly url: URL;
  /** Its host and port, which a URL puts together anew whenever it is asked. */
  readonly host: string;
  readonly health: AddressHealth;
  /** Requests that run there now. */
  running: number;
  /** Ends its health checks. */
  stopChecks: () => void;
}

/**
 * Of two addresses at random the one where less runs: nearly as even as comparing all of them, and a newcomer is
 * not trampled down.
 */
export function chooseAddress(from: readonly Address[], random: () => number): Address | null {
  if (from.length < 2) return from[0] ?? null;
  const at = Math.floor(random() * from.length);
  const other = Math.floor(random() * (from.length - 1));
  const a = from[at];
  // Counted without the first, so that the two are never the same.
  const b = from[other < at ? other : other + 1];
  return a && b && b.running < a.running ? b : (a ?? null);
}
