import { useRef } from 'preact/hooks';
import { token } from '../client/session.ts';

/** Asks for the token of the control API. */
export function SignIn({ detail }: { detail: string }) {
  const input = useRef<HTMLInputElement>(null);
  const submit = (event: Event): void => {
    event.preventDefault();
    token.value = input.current?.value ?? '';
  };
  return (
    <form class="sign-in sheet" onSubmit={submit}>
      <h1>Sign in</h1>
      {detail !== '' && <p role="alert">{detail}</p>}
      <label for="token">This control API asks for its token.</label>
      <div class="row">
        <input
          id="token"
          ref={input}
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          autofocus
        />
        <button type="submit" class="primary">
          Connect
        </button>
      </div>
      <p class="quiet">It is kept in this tab only, until the tab is closed.</p>
    </form>
  );
}
