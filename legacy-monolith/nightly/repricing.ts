import type pg from 'pg';
import type { Written } from './written.ts';

const NEXT = `
  SELECT prod_id FROM tbl_products WHERE prod_id % 10 = 0 AND prod_id > $1 ORDER BY prod_id LIMIT $2`;

const REPRICE = `
  UPDATE tbl_products p SET unit_prc = round(p.unit_prc * (100 + c.percent) / 100, 2), upd_dt = now()
    FROM unnest($1::integer[], $2::integer[]) c (prod_id, percent)
   WHERE p.prod_id = c.prod_id
  RETURNING p.prod_id AS "prodId", p.unit_prc AS "unitPrc", p.qty_oh AS "qtyOh"`;

/** Reprices the next products after a cursor, inside the caller's transaction. */
export async function repriceNext(
  client: pg.ClientBase,
  seed: number,
  after: number,
  count: number,
): Promise<Written[]> {
  const { rows } = await client.query<{ prod_id: number }>(NEXT, [after, count]);
  const ids = rows.map((row) => row.prod_id);
  if (ids.length === 0) return [];
  const percents = ids.map((id) => percentFor(seed, id));
  const repriced = await client.query<Written>(REPRICE, [ids, percents]);
  return repriced.rows.sort((a, b) => a.prodId - b.prodId);
}

/** From -5 to 5 but never 0, the same for the same seed and product. */
function percentFor(seed: number, prodId: number): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(prodId, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  const step = ((mixed ^ (mixed >>> 12)) >>> 0) % 10;
  return step < 5 ? step - 5 : step - 4;
}
