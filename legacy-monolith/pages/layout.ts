import { html, type Html } from './html.ts';
import type { Session } from './session.ts';

/** A whole page. */
export function page(title: string, session: Session | null, content: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · The Shop</title>
        <link rel="stylesheet" href="/shop/style.css" />
        <link rel="icon" href="data:," />
      </head>
      <body>
        <a class="skip" href="#content">To the content</a>
        <header>
          <a class="brand" href="/shop">The Shop</a>
          <nav aria-label="Shop">
            <a href="/shop">Products</a>
            ${session?.user ? ofUser(session) : html`<a href="/shop/sign-in">Sign in</a>`}
          </nav>
        </header>
        <main id="content">
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`.text;
}

const ofUser = (session: Session): Html =>
  html`<a href="/shop/cart">Cart</a>
    <a href="/shop/orders">Orders</a>
    ${form('/shop/sign-out', session, html`<button class="plain">Sign out ${session.user?.name}</button>`)}`;

/** A form that carries the session's token. */
export const form = (action: string, session: Session, fields: Html): Html =>
  html`<form method="post" action="${action}">
    <input type="hidden" name="csrf" value="${session.csrf}" />
    ${fields}
  </form>`;

/** What went wrong, where a reader's attention goes first. */
export const alert = (message: string | null): Html | null =>
  message === null ? null : html`<p class="alert" role="alert">${message}</p>`;
