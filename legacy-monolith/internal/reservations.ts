import type { Express } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { id, readBody } from '../http/input.ts';
import { conflict } from '../http/refusal.ts';
import { readReference } from './reference.ts';

const line = z.strictObject({ productId: id, quantity: z.int().min(1).max(1_000_000) });
const reservation = z.strictObject({ lines: z.array(line).min(1).max(1000) });
type Line = z.output<typeof line>;

interface Priced extends Line {
  name: string | null;
  price: string;
}

const PRICED = `
  SELECT l."productId", l.quantity, p.prod_nm AS name, p.unit_prc::text AS price
    FROM jsonb_to_recordset($1::jsonb) l ("productId" integer, quantity integer)
    JOIN tbl_products p ON p.prod_id = l."productId" ORDER BY p.prod_id`;

const BEGIN = `
  INSERT INTO stk_resv (resv_ref, stat_cd) VALUES ($1, 'R') ON CONFLICT (resv_ref) DO NOTHING RETURNING resv_ref`;

const TAKE_OUT = `
  UPDATE tbl_products p SET qty_oh = p.qty_oh - l.quantity
    FROM jsonb_to_recordset($1::jsonb) l ("productId" integer, quantity integer)
   WHERE p.prod_id = l."productId"`;

const MOVE = `
  INSERT INTO stk_mvmt (prod_id, qty, rsn_cd, unit_prc, ref_no)
  SELECT l."productId", l.quantity, $2, l.price::numeric, $3
    FROM jsonb_to_recordset($1::jsonb) l ("productId" integer, quantity integer, price text)
    JOIN tbl_products p ON p.prod_id = l."productId"`;

const RELEASE = `
  INSERT INTO stk_resv (resv_ref, stat_cd) VALUES ($1, 'X')
  ON CONFLICT (resv_ref) DO UPDATE SET stat_cd = 'X' WHERE stk_resv.stat_cd = 'R'
  RETURNING (xmax <> 0) AS "wasReserved"`;

export function reservationRoutes(app: Express, database: DataSource): void {
  app.put('/internal/reservations/:reference', async (request, response) => {
    const reference = readReference(request);
    const { lines } = readBody(request, reservation);
    response.json({ lines: await database.transaction((manager) => reserve(manager, reference, lines)) });
  });

  app.post('/internal/reservations/:reference/release', async (request, response) => {
    const reference = readReference(request);
    const { lines } = readBody(request, reservation);
    await database.transaction((manager) => release(manager, reference, lines));
    response.status(204).end();
  });
}

/** Takes the stock of those products out, once, that still exist, and says what they cost. */
async function reserve(manager: EntityManager, reference: string, lines: Line[]): Promise<Priced[]> {
  const begun = await manager.query<unknown[]>(BEGIN, [reference]);
  // Locked in the order of their ids, so that two checkouts of the same products cannot deadlock.
  const priced = await manager.query<Priced[]>(`${PRICED} FOR NO KEY UPDATE OF p`, [JSON.stringify(lines)]);
  if (begun.length === 0) {
    await refuseReleased(manager, reference);
    return priced;
  }
  if (priced.length === 0) throw conflict('None of these products exists any more.');
  await manager.query(TAKE_OUT, [JSON.stringify(priced)]);
  await manager.query(MOVE, [JSON.stringify(priced), 'S', reference]);
  return priced;
}

async function refuseReleased(manager: EntityManager, reference: string): Promise<void> {
  const [row] = await manager.query<{ stat_cd: string }[]>(
    'SELECT stat_cd FROM stk_resv WHERE resv_ref = $1',
    [reference],
  );
  if (row?.stat_cd === 'X') throw conflict(`The reservation ${reference} was released.`);
}

/** Puts the stock back, once; a reservation that has not come yet will be refused when it does. */
async function release(manager: EntityManager, reference: string, lines: Line[]): Promise<void> {
  const [released] = await manager.query<{ wasReserved: boolean }[]>(RELEASE, [reference]);
  if (!released?.wasReserved) return;
  const back = lines
    .map(({ productId, quantity }) => ({ productId, quantity: -quantity }))
    .sort((a, b) => a.productId - b.productId);
  await manager.query(`${PRICED} FOR NO KEY UPDATE OF p`, [JSON.stringify(back)]);
  await manager.query(TAKE_OUT, [JSON.stringify(back)]);
  await manager.query(MOVE, [JSON.stringify(back), 'R', `${reference}-back`]);
}
