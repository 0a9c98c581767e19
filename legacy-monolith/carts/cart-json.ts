import type { EntityManager } from 'typeorm';
import { notFound } from '../http/refusal.ts';

const CART = `SELECT cart_id AS id, cust_id AS "customerId" FROM shp_cart WHERE cart_id = $1`;

/** A cart has no prices of its own: they are today's, read from the catalog's table. */
const LINES = `
  SELECT l.ln_id AS id, l.prod_id AS "productId", p.stk_cd AS sku, p.prod_nm AS name, l.qty AS quantity,
         p.unit_prc::text AS "unitPrice", (l.qty * p.unit_prc)::text AS "lineTotal"
    FROM shp_cart_ln l JOIN tbl_products p USING (prod_id)
   WHERE l.cart_id = $1 ORDER BY l.ln_id`;

const TOTAL = `
  SELECT coalesce(sum(l.qty * p.unit_prc), 0)::numeric(14,2)::text AS total
    FROM shp_cart_ln l JOIN tbl_products p USING (prod_id) WHERE l.cart_id = $1`;

export async function readCart(manager: EntityManager, id: number) {
  const [cart] = await manager.query<{ id: number; customerId: number | null }[]>(CART, [id]);
  if (!cart) throw unknownCart(id);
  const lines = await manager.query<unknown[]>(LINES, [id]);
  const [sum] = await manager.query<{ total: string }[]>(TOTAL, [id]);
  return { ...cart, lines, total: sum?.total };
}

export const unknownCart = (id: number) => notFound(`Cart ${id} does not exist.`);
