import type { Request, Response, Router } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { idInText, readBody, readId } from '../http/input.ts';
import { Refusal } from '../http/refusal.ts';
import { html, type Html } from './html.ts';
import { alert, form, page } from './layout.ts';
import { requireOwnForm, type Session, type User } from './session.ts';
import type { Cart, Order, ShopApi } from './shop-api.ts';
import { requireUser } from './require-user.ts';

const newLine = z.object({ productId: idInText, quantity: idInText });
const payment = z.object({ method: z.enum(['card', 'invoice', 'cash']) });

/**
 * Cart and checkout belong to whoever owns the carts. The pages never touch their tables: they ask the shop's API, so that
 * a form is kept waiting, and goes to the new owner, like every other write.
 */
export function cartPages(router: Router, database: DataSource, apiFor: (request: Request) => ShopApi): void {
  router.get('/cart', async (request, response) => {
    const session = await requireUser(database, request);
    await answerWithCart(apiFor(request), session, response, null);
  });

  router.post('/cart/lines', async (request, response) => {
    const { user } = requireOwnForm(request, await requireUser(database, request));
    const line = readBody(request, newLine);
    const api = apiFor(request);
    await api.ask('POST', `/api/carts/${await cartOf(database, api, user)}/lines`, line);
    response.redirect(303, '/shop/cart');
  });

  router.post('/cart/lines/:lineId/remove', async (request, response) => {
    const { user } = requireOwnForm(request, await requireUser(database, request));
    const [api, lineId] = [apiFor(request), readId(request, 'lineId')];
    await api.ask('DELETE', `/api/carts/${await cartOf(database, api, user)}/lines/${lineId}`);
    response.redirect(303, '/shop/cart');
  });

  router.post('/checkout', async (request, response) => {
    const session = requireOwnForm(request, await requireUser(database, request));
    const { method } = readBody(request, payment);
    const api = apiFor(request);
    try {
      const cartId = await cartOf(database, api, session.user);
      const order = await api.ask<Order>('POST', `/api/carts/${cartId}/checkout`, { method });
      response.redirect(303, `/shop/orders/${order.id}`);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 409) throw error;
      await answerWithCart(api, session, response.status(409), error.message);
    }
  });
}

/** The customer's cart; it is made when it is first needed. */
async function cartOf(
  database: DataSource,
  api: ShopApi,
  { userId, customerId, cartId }: User,
): Promise<number> {
  if (cartId !== null) return cartId;
  const { id } = await api.ask<Cart>('POST', '/api/carts', { customerId });
  // Of two tabs that both made one, both use the one that was noted first.
  const [noted] = await database.query<{ cartId: number }[]>(
    'SELECT cart_id AS "cartId" FROM web_usr WHERE usr_id = $1 AND cart_id IS NOT NULL',
    [userId],
  );
  if (noted) return noted.cartId;
  await database.query('UPDATE web_usr SET cart_id = $2 WHERE usr_id = $1 AND cart_id IS NULL', [userId, id]);
  return id;
}

async function answerWithCart(
  api: ShopApi,
  session: Session & { user: User },
  response: Response,
  wrong: string | null,
): Promise<void> {
  const { cartId } = session.user;
  const cart = cartId === null ? null : await api.ask<Cart>('GET', `/api/carts/${cartId}`);
  const content = cart && cart.lines.length > 0 ? contentOf(cart, session) : html`<p>Nothing is in it.</p>`;
  response.send(page('Your cart', session, html`${alert(wrong)} ${content}`));
}

const contentOf = ({ lines, total }: Cart, session: Session): Html =>
  html`<table>
      <thead>
        <tr>
          <th scope="col">Product</th>
          <th scope="col" class="number">Price</th>
          <th scope="col" class="number">Quantity</th>
          <th scope="col" class="number">Sum</th>
          <td></td>
        </tr>
      </thead>
      <tbody>
        ${lines.map(
          ({ id, productId, name, quantity, unitPrice, lineTotal }) =>
            html`<tr>
              <td><a href="/shop/products/${productId}">${name ?? `Product ${productId}`}</a></td>
              <td class="number">£${unitPrice}</td>
              <td class="number">${quantity}</td>
              <td class="number">£${lineTotal}</td>
              <td class="number">
                ${form(`/shop/cart/lines/${id}/remove`, session, html`<button class="plain">Remove</button>`)}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
    <p>Total <strong class="price">£${total}</strong></p>
    ${form(
      '/shop/checkout',
      session,
      html`<label>
          Pay by
          <select name="method">
            <option value="card">Card</option>
            <option value="invoice">Invoice</option>
            <option value="cash">Cash</option>
          </select>
        </label>
        <button>Order now</button>`,
    )}`;
