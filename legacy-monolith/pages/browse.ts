import type { Router } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { Product, type ProductRow } from '../catalog/entities.ts';
import { unknownProduct } from '../catalog/products.ts';
import { paging, readId, readQuery } from '../http/input.ts';
import { html, type Html } from './html.ts';
import { form, page } from './layout.ts';
import { readSession, type Session } from './session.ts';

const ON_A_PAGE = 24;
const query = z.object({ page: paging.page, q: z.string().max(100).default('') });

/** The catalog's table is the owner's, or the copy of it that the toolkit keeps: here it is read as it always was. */
export function browsePages(router: Router, database: DataSource): void {
  const products = database.getRepository(Product);

  router.get('/', async (request, response) => {
    const { page: at, q } = readQuery(request, query);
    const found = products
      .createQueryBuilder('p')
      .where(`p.statCd = 'A' AND p.unitPrc > 0`)
      .orderBy('p.prodId')
      .offset((at - 1) * ON_A_PAGE)
      .limit(ON_A_PAGE);
    if (q) found.andWhere('strpos(lower(p.prodNm), lower(:q)) > 0', { q });
    const [rows, total] = await found.getManyAndCount();
    const title = q ? `Products with “${q}”` : 'Products';
    response.send(page(title, await readSession(database, request), listOf(rows, { at, q, total })));
  });

  router.get('/products/:id', async (request, response) => {
    const id = readId(request);
    const row = await products.findOneBy({ prodId: id });
    if (!row || row.statCd === 'H') throw unknownProduct(id);
    const session = await readSession(database, request);
    response.send(page(nameOf(row), session, detailsOf(row, session)));
  });
}

const nameOf = ({ prodNm, stkCd }: ProductRow): string => prodNm ?? stkCd;

const listOf = (rows: ProductRow[], { at, q, total }: { at: number; q: string; total: number }): Html =>
  html`<form method="get" action="/shop" role="search">
      <label>Search <input type="search" name="q" value="${q}" maxlength="100" /></label>
      <button>Search</button>
    </form>
    <ul class="grid">
      ${rows.map(
        (row) =>
          html`<li class="card">
            <a href="/shop/products/${row.prodId}">${nameOf(row)}</a>
            <span class="price">£${row.unitPrc}</span>
          </li>`,
      )}
    </ul>
    <p class="soft">${total} products</p>
    <nav class="pages" aria-label="Pages">
      ${at > 1 ? html`<a rel="prev" href="${linkTo(at - 1, q)}">Previous</a>` : null}
      ${at * ON_A_PAGE < total ? html`<a rel="next" href="${linkTo(at + 1, q)}">Next</a>` : null}
    </nav>`;

const linkTo = (at: number, q: string): string =>
  `/shop?${new URLSearchParams({ q, page: `${at}` }).toString()}`;

function detailsOf(row: ProductRow, session: Session | null): Html {
  return html`<p class="price">£${row.unitPrc}</p>
    <p class="soft">
      Number ${row.stkCd}. ${row.qtyOh > 0 ? `${row.qtyOh} in stock.` : 'Comes within days.'}
    </p>
    ${row.statCd === 'A' ? buying(row, session) : html`<p>No longer for sale.</p>`}`;
}

const buying = ({ prodId }: ProductRow, session: Session | null): Html =>
  session?.user
    ? form(
        '/shop/cart/lines',
        session,
        html`<input type="hidden" name="productId" value="${prodId}" />
          <label>
            Quantity <input type="number" name="quantity" value="1" min="1" max="100" required />
          </label>
          <button>Put into the cart</button>`,
      )
    : html`<p><a href="/shop/sign-in">Sign in</a> to buy it.</p>`;
