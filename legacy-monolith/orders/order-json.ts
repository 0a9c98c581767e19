import type { EntityManager } from 'typeorm';
import { notFound } from '../http/refusal.ts';
import { toIso } from '../http/timestamp.ts';

interface OrderRow {
  ord_id: number;
  ord_no: string | null;
  cust_id: number | null;
  stat_cd: string;
  tot_amt: string;
  ord_dt: string;
}

const STATUS_NAME = new Map([
  ['N', 'new'],
  ['P', 'paid'],
  ['X', 'cancelled'],
]);

const ORDER_LINES = `
  SELECT ln_no AS "lineNumber", prod_id AS "productId", dsc_txt AS description, qty AS quantity,
         unit_prc::text AS "unitPrice"
    FROM ord_ln WHERE ord_id = $1 ORDER BY ln_no`;

const COLUMNS = 'ord_id, ord_no, cust_id, stat_cd, tot_amt, ord_dt';

const LIST = `
  SELECT ${COLUMNS} FROM ord_hdr WHERE $1::integer IS NULL OR cust_id = $1
   ORDER BY ord_id DESC LIMIT $2 OFFSET $3`;

const COUNT = 'SELECT count(*)::integer AS total FROM ord_hdr WHERE $1::integer IS NULL OR cust_id = $1';

export async function readOrder(manager: EntityManager, id: number) {
  const [row] = await manager.query<OrderRow[]>(`SELECT ${COLUMNS} FROM ord_hdr WHERE ord_id = $1`, [id]);
  if (!row) throw notFound(`Order ${id} does not exist.`);
  return { ...toOrderJson(row), lines: await manager.query<unknown[]>(ORDER_LINES, [id]) };
}

export async function listOrders(
  manager: EntityManager,
  { page, size, customer }: { page: number; size: number; customer?: number | undefined },
) {
  const rows = await manager.query<OrderRow[]>(LIST, [customer ?? null, size, (page - 1) * size]);
  const [count] = await manager.query<{ total: number }[]>(COUNT, [customer ?? null]);
  return { items: rows.map(toOrderJson), page, size, total: count?.total };
}

const toOrderJson = (row: OrderRow) => ({
  id: row.ord_id,
  number: row.ord_no,
  customerId: row.cust_id,
  status: STATUS_NAME.get(row.stat_cd),
  total: row.tot_amt,
  orderedAt: toIso(row.ord_dt),
});
