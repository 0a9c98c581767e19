import { sharedSecret } from '../../migrations/lifecycle/secret.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';

const NAME = 'STRANGLER_COOKIE_SECRET';
const SHORTEST = 16;

/**
 * What cookies are signed with: STRANGLER_COOKIE_SECRET, else a secret that the proxies share through the control
 * store. STRANGLER_COOKIE_SECRET_PREVIOUS is still believed, so that a changed secret moves nobody to another side.
 */
export async function cookieKeysOf(
  store: ControlStore,
  environment: NodeJS.ProcessEnv,
): Promise<[string, ...string[]]> {
  const [own, previous] = [NAME, `${NAME}_PREVIOUS`].map((name) => {
    const value = environment[name];
    if (value !== undefined && value.length < SHORTEST)
      throw new Error(`${name} is too short to be a secret; give it at least ${SHORTEST} characters`);
    return value;
  });
  const keys = [own ?? (await sharedSecret(store, 'cookies')), previous];
  return keys.filter((key) => key !== undefined) as [string, ...string[]];
}
