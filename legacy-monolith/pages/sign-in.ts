import type { Router } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { readBody } from '../http/input.ts';
import { Refusal } from '../http/refusal.ts';
import { signUp, userWith } from './account.ts';
import { html, type Html } from './html.ts';
import { alert, form, page } from './layout.ts';
import { beginSession, endSession, readSession, requireOwnForm, type Session } from './session.ts';

const password = z.string().min(8).max(200);
const known = z.object({ email: z.email().max(200), password });
const newcomer = known.extend({ name: z.string().trim().min(1).max(120) });

export function signInPages(router: Router, database: DataSource): void {
  router.get('/sign-in', async (request, response) => {
    const session =
      (await readSession(database, request)) ?? (await beginSession(database, request, response, null));
    if (session.user) return response.redirect(303, '/shop');
    response.send(page('Sign in', session, forms(session, null)));
  });

  router.post('/sign-in', async (request, response) => {
    const session = requireOwnForm(request, await readSession(database, request));
    const { email, password } = readBody(request, known);
    const userId = await userWith(database, email, password);
    if (userId === null) {
      const wrong = 'There is nobody with this address and password.';
      return response.status(401).send(page('Sign in', session, forms(session, wrong)));
    }
    await beginSession(database, request, response, userId);
    response.redirect(303, '/shop');
  });

  router.post('/sign-up', async (request, response) => {
    const session = requireOwnForm(request, await readSession(database, request));
    try {
      const userId = await signUp(database, readBody(request, newcomer));
      await beginSession(database, request, response, userId);
      response.redirect(303, '/shop');
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response.status(error.status).send(page('Sign in', session, forms(session, error.message)));
    }
  });

  router.post('/sign-out', async (request, response) => {
    requireOwnForm(request, await readSession(database, request));
    await endSession(database, request, response);
    response.redirect(303, '/shop');
  });
}

const EMAIL = html`<label>E-mail <input type="email" name="email" autocomplete="email" required /></label>`;

const forms = (session: Session, wrong: string | null): Html =>
  html`${alert(wrong)}
    <div class="columns">
      <section aria-labelledby="known">
        <h2 id="known">You have been here</h2>
        ${form(
          '/shop/sign-in',
          session,
          html`${EMAIL}
            <label>
              Password <input type="password" name="password" autocomplete="current-password" required />
            </label>
            <button>Sign in</button>`,
        )}
      </section>
      <section aria-labelledby="new">
        <h2 id="new">You are new</h2>
        ${form(
          '/shop/sign-up',
          session,
          html`<label>Name <input name="name" autocomplete="name" maxlength="120" required /></label>
            ${EMAIL}
            <label>
              Password, 8 signs or more
              <input type="password" name="password" autocomplete="new-password" minlength="8" required />
            </label>
            <button>Sign up</button>`,
        )}
      </section>
    </div>`;
