import type { Request, Router } from 'express';
import { In, type DataSource } from 'typeorm';
import { z } from 'zod';
import { Product, type ProductRow } from '../catalog/entities.ts';
import { paging, readId, readQuery } from '../http/input.ts';
import { notFound } from '../http/refusal.ts';
import { html, type Html } from './html.ts';
import { page } from './layout.ts';
import { requireUser } from './require-user.ts';
import type { Order, Payment, ShopApi } from './shop-api.ts';

interface Listed<T> {
  items: T[];
}

/** An order and its payment come from whoever owns them, and what its products are today from the catalog's table. */
export function orderPages(
  router: Router,
  database: DataSource,
  apiFor: (request: Request) => ShopApi,
): void {
  router.get('/orders', async (request, response) => {
    const session = await requireUser(database, request);
    const { page: at } = readQuery(request, z.object(paging));
    const path = `/api/orders?customer=${session.user.customerId}&page=${at}`;
    const { items } = await apiFor(request).ask<Listed<Order>>('GET', path);
    response.send(page('Your orders', session, listOf(items)));
  });

  router.get('/orders/:id', async (request, response) => {
    const session = await requireUser(database, request);
    const [id, api] = [readId(request), apiFor(request)];
    const order = await api.ask<Order>('GET', `/api/orders/${id}`);
    if (order.customerId !== session.user.customerId) throw notFound(`Order ${id} does not exist.`);
    const [payments, products] = await Promise.all([
      api.ask<Listed<Payment>>('GET', `/api/payments?order=${id}`),
      database.getRepository(Product).findBy({ prodId: In(order.lines.map(({ productId }) => productId)) }),
    ]);
    response.send(page(`Order ${nameOf(order)}`, session, detailsOf(order, payments.items, products)));
  });
}

const nameOf = ({ number, id }: Order): string => number ?? `${id}`;

const day = (at: string): Html => html`<time datetime="${at}">${at.slice(0, 10)}</time>`;

/** Invoices may have tenths of a penny; most have none. */
const price = (text: string): string => text.replace(/(\.\d\d)0$/, '$1');

const listOf = (orders: Order[]): Html =>
  orders.length === 0
    ? html`<p>You have not ordered anything yet.</p>`
    : html`<table>
        <thead>
          <tr>
            <th scope="col">Order</th>
            <th scope="col">Day</th>
            <th scope="col">State</th>
            <th scope="col" class="number">Total</th>
          </tr>
        </thead>
        <tbody>
          ${orders.map(
            (order) =>
              html`<tr>
                <td><a href="/shop/orders/${order.id}">${nameOf(order)}</a></td>
                <td>${day(order.orderedAt)}</td>
                <td>${order.status}</td>
                <td class="number">£${order.total}</td>
              </tr>`,
          )}
        </tbody>
      </table>`;

function detailsOf(order: Order, payments: Payment[], products: ProductRow[]): Html {
  const today = new Map(products.map((row) => [row.prodId, row]));
  return html`<p>Ordered on ${day(order.orderedAt)}, ${order.status}.</p>
    <table>
      <thead>
        <tr>
          <th scope="col">Product</th>
          <th scope="col" class="number">Quantity</th>
          <th scope="col" class="number">Price paid</th>
          <th scope="col" class="number">Price today</th>
        </tr>
      </thead>
      <tbody>
        ${order.lines.map((line) => lineOf(line, today.get(line.productId)))}
      </tbody>
    </table>
    <p>Total <strong class="price">£${order.total}</strong></p>
    ${payments.map(({ method, amount, status }) => html`<p>£${amount} by ${method}: ${status}.</p>`)}
    ${payments.length === 0 ? html`<p class="soft">Your payment is being booked.</p>` : null}`;
}

const lineOf = (line: Order['lines'][number], row: ProductRow | undefined): Html =>
  html`<tr>
    <td>
      ${
        row
          ? html`<a href="/shop/products/${row.prodId}">${line.description ?? row.stkCd}</a>`
          : (line.description ?? `Product ${line.productId}`)
      }
    </td>
    <td class="number">${line.quantity}</td>
    <td class="number">£${price(line.unitPrice)}</td>
    <td class="number">
      ${row?.statCd === 'A' ? html`£${row.unitPrc}` : html`<span class="soft">not for sale</span>`}
    </td>
  </tr>`;
