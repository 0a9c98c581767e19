import type { SignInByOidc } from '../auth/oidc/sign-in-by-oidc.ts';
import type { SignIn } from '../auth/sign-in.ts';
import { readSignIn } from '../read-request.ts';
import { ask, get, open, type Operations } from './operation.ts';

/** Who asks. */
export function operationsOfSessions(signIn: SignIn, byOidc: SignInByOidc) {
  return {
    getSession: open(get('/v1/session', async (request) => signIn.session(request))),
    signIn: open(
      ask('/v1/session', (request, response) => signIn.withToken(request, response, readSignIn(request))),
    ),
    beginOidc: open(get('/v1/session/oidc', (_request, response) => byOidc.begin(response))),
    finishOidc: open(
      get('/v1/session/oidc/callback', (request, response) => byOidc.finish(request, response)),
    ),
    signOut: open({
      ...get('/v1/session', async (request, response) => {
        await signIn.end(request, response);
        response.status(204);
      }),
      method: 'delete',
    }),
  } satisfies Partial<Operations>;
}
