import { useRef, useState } from 'preact/hooks';
import type { Refused } from '../client/call.ts';
import { signIn } from '../client/sign-in.ts';
import { Refusal } from '../parts/refusal.tsx';

/** Asks for a token, and begins a session with it. */
export function SignIn() {
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
    <form class="sign-in sheet" onSubmit={submit}>
      <h1>Sign in</h1>
      <Refusal refusal={refusal} />
      <label for="token">Your token for this control API</label>
      <div class="row">
        <input id="token" ref={input} type="password" autocomplete="current-password" required autofocus />
        <button type="submit" class="primary">
          Sign in
        </button>
      </div>
      <p class="quiet">The token itself is not kept here; the session lasts twelve hours.</p>
    </form>
  );
}
