import type { Request } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { id, readBody } from '../service/http/input.ts';
import { readReference } from '../service/http/reference.ts';
import { conflict } from '../service/http/refusal.ts';
import type { components } from './api.gen.ts';
import type { Answer } from './operations.ts';
import { toPrice } from '../service/money.ts';

type Schemas = components['schemas'];
type Line = Schemas['ReservationLine'];

const reservation = z.strictObject({
  lines: z
    .array(z.strictObject({ productId: id, quantity: z.int().min(1).max(1_000_000) }))
    .min(1)
    .max(1000),
}) satisfies z.ZodType<Schemas['Reservation']>;

const ASKED = `jsonb_to_recordset($1::jsonb) l ("productId" integer, quantity integer)`;

/** Locked in the order of their ids, so that two checkouts of the same products cannot deadlock. */
const PRODUCTS = `
  SELECT l."productId", l.quantity, p.name, p.price_minor AS minor
    FROM ${ASKED} JOIN product p ON p.id = l."productId" ORDER BY p.id FOR NO KEY UPDATE OF p`;

const BEGIN = `
  INSERT INTO stock_reservation (reference, state) VALUES ($1, 'reserved')
  ON CONFLICT (reference) DO NOTHING RETURNING reference`;

const TAKE_OUT = `
  INSERT INTO stock_level (product_id, on_hand)
  SELECT l."productId", -l.quantity FROM ${ASKED} ORDER BY 1
  ON CONFLICT (product_id) DO UPDATE SET on_hand = stock_level.on_hand + excluded.on_hand`;

const MOVE = `
  INSERT INTO stock_movement (product_id, quantity, reason, unit_price, reference)
  SELECT l."productId", l.quantity, $2::stock_reason, p.price_minor / 100.0, $3
    FROM ${ASKED} JOIN product p ON p.id = l."productId"`;

const RELEASE = `
  INSERT INTO stock_reservation (reference, state) VALUES ($1, 'released')
  ON CONFLICT (reference) DO UPDATE SET state = 'released' WHERE stock_reservation.state = 'reserved'
  RETURNING (xmax <> 0) AS "wasReserved"`;

export async function reserveStock(database: DataSource, request: Request): Promise<Answer<'reserveStock'>> {
  const reference = readReference(request);
  const { lines } = readBody(request, reservation);
  const reserved = await database.transaction((manager) => reserve(manager, reference, lines));
  return { status: 200, body: { lines: reserved } };
}

export async function releaseStock(database: DataSource, request: Request): Promise<Answer<'releaseStock'>> {
  const reference = readReference(request);
  const { lines } = readBody(request, reservation);
  await database.transaction((manager) => release(manager, reference, lines));
  return { status: 204 };
}

/** Takes the stock of those products out, once, that still exist. More may be sold than is there, as ever: the shop orders it then. */
async function reserve(
  manager: EntityManager,
  reference: string,
  lines: Line[],
): Promise<Schemas['ReservedLine'][]> {
  const begun = await manager.query<unknown[]>(BEGIN, [reference]);
  const found = await products(manager, lines);
  if (begun.length === 0) await refuseReleased(manager, reference);
  else {
    if (found.length === 0) throw conflict('None of these products exists any more.');
    await book(manager, found, 'sale', reference);
  }
  return found.map(({ minor, ...line }) => ({ ...line, price: toPrice(minor) }));
}

async function refuseReleased(manager: EntityManager, reference: string): Promise<void> {
  const [row] = await manager.query<{ state: string }[]>(
    'SELECT state FROM stock_reservation WHERE reference = $1',
    [reference],
  );
  if (row?.state === 'released') throw conflict(`The reservation ${reference} was released.`);
}

/** Puts the stock back, once; a reservation that has not come yet will be refused when it does. */
async function release(manager: EntityManager, reference: string, lines: Line[]): Promise<void> {
  const [released] = await manager.query<{ wasReserved: boolean }[]>(RELEASE, [reference]);
  if (!released?.wasReserved) return;
  const found = await products(manager, lines);
  const back = found.map(({ productId, quantity }) => ({ productId, quantity: -quantity }));
  if (back.length > 0) await book(manager, back, 'return', `${reference}-back`);
}

function products(manager: EntityManager, lines: Line[]) {
  return manager.query<(Line & { name: string | null; minor: string })[]>(PRODUCTS, [JSON.stringify(lines)]);
}

async function book(
  manager: EntityManager,
  lines: Line[],
  reason: Schemas['StockReason'],
  reference: string,
): Promise<void> {
  const asked = JSON.stringify(lines);
  await manager.query(TAKE_OUT, [asked]);
  await manager.query(MOVE, [asked, reason, reference]);
}
