import type { Express } from 'express';
import request from 'supertest';
import { createApp } from '../app.ts';
import { openDatabase } from '../database.ts';
import { createScratchDatabase, rowsOf } from './scratch-database.ts';

export interface TestShop {
  app: Express;
  url: string;
  rows: <Row>(sql: string) => Promise<Row[]>;
  close: () => Promise<void>;
}

/** A shop with three products, the third discontinued, on a database of its own. */
export async function openTestShop(): Promise<TestShop> {
  const scratch = await createScratchDatabase();
  const database = await openDatabase(scratch.url);
  await rowsOf(
    scratch.url,
    `INSERT INTO prod_cat (cat_nm) VALUES ('Lights');
     INSERT INTO tbl_products (stk_cd, prod_nm, cat_id, unit_prc, stat_cd, qty_oh) VALUES
       ('85123A', 'LANTERN', 1, 2.55, 'A', 10), ('85123a', NULL, NULL, 3.39, 'A', 5),
       ('71053', 'MUG', NULL, 1.25, 'D', 0)`,
  );
  return {
    app: createApp(database),
    url: scratch.url,
    rows: (sql) => rowsOf(scratch.url, sql),
    close: async () => {
      await database.destroy();
      await scratch.drop();
    },
  };
}

/** A cart with these lines, made through the shop's own routes. */
export async function fillCart(app: Express, ...lines: { productId: number; quantity: number }[]) {
  const cart = await request(app).post('/api/carts').send({}).expect(201);
  const { id } = cart.body as { id: number };
  for (const line of lines) await request(app).post(`/api/carts/${id}/lines`).send(line).expect(201);
  return id;
}
