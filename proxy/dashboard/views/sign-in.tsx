import { useRef, useState } from 'preact/hooks';
import type { Refused } from '../client/call.ts';
import { session } from '../client/session.ts';
import { OIDC, rememberView, sentBack, signIn } from '../client/sign-in.ts';
import { Refusal } from '../parts/refusal.tsx';

/** Asks who somebody is, in the ways that the control API knows. */
export function SignIn() {
  const ways = session.value?.ways ?? [];
  const [byToken, byOidc] = [ways.includes('token'), ways.includes('oidc')];
  return (
    <section class="sign-in sheet">
      <h1>Sign in</h1>
      {sentBack !== null && (
        <p class="refusal" role="alert">
          {sentBack}
        </p>
      )}
      {byOidc && (
        <a class={byToken ? 'button' : 'button primary'} href={OIDC} onClick={rememberView}>
          Sign in with your organisation’s account
        </a>
      )}
      {byOidc && byToken && <p class="or quiet">or with a token</p>}
      {byToken && <TokenForm isFirst={!byOidc} />}
      <p class="quiet">{byToken && 'The token itself is not kept here. '}The session lasts twelve hours.</p>
    </section>
  );
}

/** Begins a session with a token. */
function TokenForm({ isFirst }: { isFirst: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const [refusal, setRefusal] = useState<Refused | null>(null);
  const submit = (event: Event): void => {
    event.preventDefault();
    void signIn(input.current?.value ?? '').catch((error: unknown) => {
      setRefusal(error as Refused);
      input.current?.select();
    });
  };
  return (
    <form onSubmit={submit}>
      <Refusal refusal={refusal} />
      <label for="token">Your token for this control API</label>
      <div class="row">
        <input
          id="token"
          ref={input}
          type="password"
          autocomplete="current-password"
          required
          autofocus={isFirst}
        />
        <button type="submit" class={isFirst ? 'primary' : undefined}>
          Sign in
        </button>
      </div>
    </form>
  );
}
