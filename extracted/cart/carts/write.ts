import type { Request } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { violates } from '../../service/http/database-refusal.ts';
import { id, readBody, readId } from '../../service/http/input.ts';
import { badRequest, conflict, notFound } from '../../service/http/refusal.ts';
import type { components } from '../api.gen.ts';
import { Cart, CartLine } from '../entities.ts';
import type { Answer } from '../operations.ts';
import type { Shop } from '../shop.ts';
import { readCart, unknownCart } from './read.ts';

type Schemas = components['schemas'];

const quantity = z.int().min(1).max(10_000);
const newCart = z.strictObject({ customerId: id.nullable().default(null) });
const newLine = z.strictObject({ productId: id, quantity }) satisfies z.ZodType<Schemas['NewCartLine']>;
const lineChange = z.strictObject({ quantity }) satisfies z.ZodType<Schemas['CartLineChange']>;

const ADD_LINE = `
  INSERT INTO cart_line (cart_id, product_id, quantity) VALUES ($1, $2, $3)
  ON CONFLICT (cart_id, product_id) DO UPDATE SET quantity = cart_line.quantity + excluded.quantity`;

export async function createCart(
  database: DataSource,
  shop: Shop,
  request: Request,
): Promise<Answer<'createCart'>> {
  const { customerId } = readBody(request, newCart);
  if (customerId !== null && !(await shop.hasCustomer(customerId))) {
    throw badRequest(`body.customerId: there is no customer ${customerId}.`);
  }
  const cart = await database.manager.save(Cart, { customerId });
  const body = { id: cart.id, customerId, lines: [], total: '0.00' };
  return { status: 201, location: `/api/carts/${cart.id}`, body };
}

export async function addCartLine(
  database: DataSource,
  shop: Shop,
  request: Request,
): Promise<Answer<'addCartLine'>> {
  const cartId = readId(request);
  const line = readBody(request, newLine);
  const product = await shop.product(line.productId);
  if (!product) throw badRequest(`body.productId: there is no product ${line.productId}.`);
  if (product.status !== 'active') throw conflict(`Product ${line.productId} is not for sale.`);
  try {
    await database.query(ADD_LINE, [cartId, line.productId, line.quantity]);
  } catch (error) {
    if (violates(error, '23503', 'cart_line_cart_id_fkey')) throw unknownCart(cartId);
    throw error;
  }
  return { status: 201, body: await readCart(database, shop, cartId) };
}

export async function changeCartLine(
  database: DataSource,
  shop: Shop,
  request: Request,
): Promise<Answer<'changeCartLine'>> {
  const line = { id: readId(request, 'lineId'), cartId: readId(request) };
  const { affected } = await database.manager.update(CartLine, line, readBody(request, lineChange));
  if (!affected) throw unknownLine(line);
  return { status: 200, body: await readCart(database, shop, line.cartId) };
}

export async function removeCartLine(
  database: DataSource,
  shop: Shop,
  request: Request,
): Promise<Answer<'removeCartLine'>> {
  const line = { id: readId(request, 'lineId'), cartId: readId(request) };
  const { affected } = await database.manager.delete(CartLine, line);
  if (!affected) throw unknownLine(line);
  return { status: 200, body: await readCart(database, shop, line.cartId) };
}

const unknownLine = ({ id: lineId, cartId }: { id: number; cartId: number }) =>
  notFound(`Cart ${cartId} has no line ${lineId}.`);
