import type pg from 'pg';
import type { Written } from './written.ts';

/** Marking comes first: it locks the orders, so that a second nightly run cannot book them too. */
const MARK = `
  UPDATE ord_hdr SET stk_bkd = 'Y'
   WHERE ord_id IN (SELECT ord_id FROM ord_hdr WHERE stk_bkd IS NULL AND stat_cd <> 'X'
                     ORDER BY ord_id LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING ord_id`;

const MOVE = `
  INSERT INTO stk_mvmt (prod_id, qty, rsn_cd, unit_prc, ref_no)
  SELECT l.prod_id, l.qty, 'S', l.unit_prc, o.ord_no
    FROM ord_ln l JOIN ord_hdr o USING (ord_id) WHERE l.ord_id = ANY($1) ORDER BY l.ord_ln_id`;

const TAKE_OUT = `
  UPDATE tbl_products p SET qty_oh = p.qty_oh - s.qty
    FROM (SELECT prod_id, sum(qty) AS qty FROM ord_ln WHERE ord_id = ANY($1) GROUP BY prod_id) s
   WHERE p.prod_id = s.prod_id
  RETURNING p.prod_id AS "prodId", p.unit_prc AS "unitPrc", p.qty_oh AS "qtyOh"`;

/** Books the stock of the next orders, inside the caller's transaction; `orders` is 0 when all are booked. */
export async function bookNext(
  client: pg.ClientBase,
  count: number,
): Promise<{ orders: number; written: Written[] }> {
  const { rows } = await client.query<{ ord_id: number }>(MARK, [count]);
  const orders = rows.map((row) => row.ord_id);
  if (orders.length === 0) return { orders: 0, written: [] };
  await client.query(MOVE, [orders]);
  const taken = await client.query<Written>(TAKE_OUT, [orders]);
  return { orders: orders.length, written: taken.rows.sort((a, b) => a.prodId - b.prodId) };
}
