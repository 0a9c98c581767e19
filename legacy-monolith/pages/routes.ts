import { fileURLToPath } from 'node:url';
import express, { type ErrorRequestHandler, type Request, type Router } from 'express';
import type { DataSource } from 'typeorm';
import { asRefusal } from '../http/answer-error.ts';
import { notFound } from '../http/refusal.ts';
import { browsePages } from './browse.ts';
import { cartPages } from './cart.ts';
import { html } from './html.ts';
import { alert, page } from './layout.ts';
import { orderPages } from './orders.ts';
import { SignInFirst } from './require-user.ts';
import { ShopApi } from './shop-api.ts';
import { signInPages } from './sign-in.ts';

const STYLE = fileURLToPath(new URL('./style.css', import.meta.url));
const POLICY =
  "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const TITLES: Readonly<Record<number, string>> = { 404: 'There is no such page', 503: 'One moment' };

/**
 * The shop as people see it: pages below `/shop`, made here from what the shop knows.
 *
 * @param shopUrl where the shop's API is asked; this application itself when left out
 */
export function pages(database: DataSource, shopUrl: string | undefined): Router {
  const router = express.Router();
  const apiFor = ({ socket }: Request) => new ShopApi(shopUrl ?? `http://127.0.0.1:${socket.localPort}`);
  router.get('/style.css', (_request, response) => response.sendFile(STYLE, { maxAge: 60_000 }));
  router.use((_request, response, next) => {
    // A page is for the one who asked for it.
    response.set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy': POLICY,
      'Referrer-Policy': 'same-origin',
    });
    next();
  });
  router.use(express.urlencoded({ extended: false, limit: '10kb' }));
  browsePages(router, database);
  signInPages(router, database);
  cartPages(router, database, apiFor);
  orderPages(router, database, apiFor);
  router.use((request) => {
    throw notFound(`There is no page ${request.path}.`);
  });
  router.use(answerWithPage);
  return router;
}

const answerWithPage: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  if (error instanceof SignInFirst) return response.redirect(303, '/shop/sign-in');
  const { status, message } = asRefusal(error);
  if (status === 500) console.error(error);
  if (status === 503) response.set('Retry-After', '1');
  const content = html`${alert(message)}
    <p><a href="/shop">To the products</a></p>`;
  response.status(status).send(page(TITLES[status] ?? 'That did not work', null, content));
};
