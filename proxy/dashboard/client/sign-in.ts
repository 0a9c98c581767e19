import { answerOf, api } from './call.ts';
import { session } from './session.ts';

const PAUSE_MS = 1000;

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
