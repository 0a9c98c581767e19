import { answerOf, api } from './call.ts';
import { session } from './session.ts';

const PAUSE_MS = 1000;
const VIEW = 'strangler-view';

/** Where the browser is sent to the OIDC provider. */
export const OIDC = '/v1/session/oidc';

const SENT_BACK: Record<string, string> = {
  refused: 'The provider knows you, and none of your groups gives you a role here.',
  failed: 'The provider vouched for nobody. Try it again.',
  away: 'The provider cannot be asked now. Try it again, or use a token.',
};

/** Why the way over the OIDC provider ended here without a session; null when it did not. */
export const sentBack = SENT_BACK[new URLSearchParams(location.search).get('sign-in') ?? ''] ?? null;

/** The way over the provider leads back to the overview: this remembers which view somebody wanted. */
export function rememberView(): void {
  sessionStorage.setItem(VIEW, location.hash);
}

/** Opens the view that somebody wanted before they were sent to the provider. */
export function openRememberedView(): void {
  const hash = sessionStorage.getItem(VIEW);
  sessionStorage.removeItem(VIEW);
  if (hash !== null && location.hash === '' && location.search === '') location.hash = hash;
}

/** Asks who is signed in, again until somebody answers. */
export function keepReadingSession(): void {
  answerOf(api.GET('/v1/session')).then(
    (answer) => (session.value = answer),
    () => setTimeout(keepReadingSession, PAUSE_MS),
  );
}

/** Begins a session with a token. */
export async function signIn(token: string): Promise<void> {
  session.value = await answerOf(api.POST('/v1/session', { body: { token } }));
}

/** Ends the session; the page then asks to sign in. */
export async function signOut(): Promise<void> {
  await answerOf(api.DELETE('/v1/session'));
  location.reload();
}
