import type { Express } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { idInText, paging, readId, readQuery } from '../http/input.ts';
import { conflict } from '../http/refusal.ts';
import { listOrders, readOrder } from './order-json.ts';

const orderQuery = z.object({ ...paging, customer: idInText.optional() });

export function orderRoutes(app: Express, database: DataSource): void {
  const { manager } = database;

  app.get('/api/orders', async (request, response) => {
    response.json(await listOrders(manager, readQuery(request, orderQuery)));
  });

  app.get('/api/orders/:id', async (request, response) => {
    response.json(await readOrder(manager, readId(request)));
  });

  app.post('/api/orders/:id/cancel', async (request, response) => {
    const id = readId(request);
    response.json(await database.transaction((transaction) => cancel(transaction, id)));
  });
}

/** Cancelling gives the money back; stock that was booked already comes back by a return, not from here. */
async function cancel(manager: EntityManager, id: number) {
  const [, cancelled] = await manager.query<[unknown, number]>(
    `UPDATE ord_hdr SET stat_cd = 'X' WHERE ord_id = $1 AND stat_cd <> 'X'`,
    [id],
  );
  const order = await readOrder(manager, id);
  if (cancelled === 0) throw conflict(`Order ${id} is cancelled already.`);
  await manager.query(`UPDATE pymt SET stat_cd = 'R' WHERE ord_id = $1`, [id]);
  return order;
}
