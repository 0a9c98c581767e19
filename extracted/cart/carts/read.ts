import type { Request } from 'express';
import type { DataSource } from 'typeorm';
import { readId } from '../../service/http/input.ts';
import { notFound } from '../../service/http/refusal.ts';
import { toMinor, toPrice } from '../../service/money.ts';
import type { components } from '../api.gen.ts';
import { Cart, CartLine, type CartLineRow } from '../entities.ts';
import type { Answer } from '../operations.ts';
import type { Product, Shop } from '../shop.ts';

type Schemas = components['schemas'];

export async function getCart(
  database: DataSource,
  shop: Shop,
  request: Request,
): Promise<Answer<'getCart'>> {
  return { status: 200, body: await readCart(database, shop, readId(request)) };
}

/** A cart has no prices of its own: they are today's. A line whose product is gone is not shown. */
export async function readCart(database: DataSource, shop: Shop, id: number): Promise<Schemas['Cart']> {
  const cart = await database.manager.findOneBy(Cart, { id });
  if (!cart) throw unknownCart(id);
  const rows = await database.manager.find(CartLine, { where: { cartId: id }, order: { id: 'ASC' } });
  const products = await shop.products(rows.map(({ productId }) => productId));
  const lines = rows.flatMap((row) => {
    const product = products.get(row.productId);
    return product ? [toLine(row, product)] : [];
  });
  return { ...cart, lines, total: sum(lines.map(({ lineTotal }) => lineTotal)) };
}

export const unknownCart = (id: number) => notFound(`Cart ${id} does not exist.`);

const toLine = (row: CartLineRow, { sku, name, price }: Product): Schemas['CartLine'] => ({
  id: row.id,
  productId: row.productId,
  sku,
  name,
  quantity: row.quantity,
  unitPrice: price,
  lineTotal: times(row.quantity, price),
});

export const times = (quantity: number, price: string): string =>
  toPrice((BigInt(quantity) * BigInt(toMinor(price))).toString());

export const sum = (prices: readonly string[]): string =>
  toPrice(prices.reduce((total, price) => total + BigInt(toMinor(price)), 0n).toString());
