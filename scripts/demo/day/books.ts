import type pg from 'pg';
import { openSql } from '../../../migrations/testing/databases.ts';
import { reading } from '../read-side.ts';
import type { Day } from './open-day.ts';
import type { Receipt } from './till.ts';

/** An order as a database has it, with all that belongs to it. */
interface Found {
  id: number;
  total: string;
  status: string;
  units: number;
}
interface Paid {
  orderId: number;
  amount: string;
  status: string;
}

// Whoever clicks in the shop's pages is a customer; those who play the day are none, and have receipts.
const ORDERS = {
  monolith: `
    SELECT o.ord_id AS id, o.tot_amt::text AS total, sum(l.qty)::integer AS units,
           CASE o.stat_cd WHEN 'P' THEN 'paid' WHEN 'X' THEN 'cancelled' ELSE 'new' END AS status
      FROM ord_hdr o JOIN ord_ln l USING (ord_id) WHERE o.ord_id > $1 AND o.cust_id IS NULL GROUP BY o.ord_id`,
  service: `
    SELECT o.id, o.total::text AS total, sum(l.quantity)::integer AS units, o.status::text AS status
      FROM customer_order o JOIN order_line l ON l.order_id = o.id WHERE o.id > $1 AND o.customer_id IS NULL GROUP BY o.id`,
};
const PAID_MONOLITH = `
  SELECT ord_id AS "orderId", amt::text AS amount, CASE stat_cd WHEN 'P' THEN 'paid' ELSE 'refunded' END AS status
    FROM pymt WHERE ord_id > $1`;
const PRICES = {
  monolith: 'SELECT prod_id AS id, unit_prc::text AS price FROM tbl_products',
  service: 'SELECT id, (price_minor / 100.0)::numeric(20, 2)::text AS price FROM product',
};
/** Units that reservations took out of the stock, and those of the orders that they were made for. */
const RESERVED = `
  SELECT coalesce(sum(quantity), 0)::integer AS units FROM stock_movement WHERE reference ~ '^[0-9a-f]{32}(-back)?$'`;
const PLACED = `
  SELECT coalesce(sum(l.quantity), 0)::integer AS units FROM placement p JOIN order_line l USING (order_id)`;

/** Holds both sides to the receipts, by statements that share nothing with the product. Gives each fault in words. */
export async function checkBooks(day: Day): Promise<string[]> {
  const { databases, lastOrderBefore: before, till } = day;
  const rowsOf = <Row extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []) =>
    reading(url, async (client) => (await client.query<Row>(sql, values)).rows);
  const monolith = {
    orders: await rowsOf<Found>(databases.monolith, ORDERS.monolith, [before]),
    paid: await rowsOf<Paid>(databases.monolith, PAID_MONOLITH, [before]),
    prices: await rowsOf<{ id: number; price: string }>(databases.monolith, PRICES.monolith),
  };
  const services = {
    orders: await rowsOf<Found>(databases.orders, ORDERS.service, [before]),
    paid: await paymentsOf(databases.payments, before),
    prices: await rowsOf<{ id: number; price: string }>(databases.catalog, PRICES.service),
  };
  const [[reserved], [placed]] = await Promise.all([
    rowsOf<{ units: number }>(databases.catalog, RESERVED),
    rowsOf<{ units: number }>(databases.orders, PLACED),
  ]);
  const stock =
    reserved?.units === placed?.units
      ? []
      : [`stock: ${reserved?.units} units were reserved for orders of ${placed?.units}`];
  const sides = Object.entries({ monolith, services }).flatMap(([side, found]) =>
    [...checkOrders(till.receipts, found.orders, found.paid), ...checkPrices(till.prices, found.prices)].map(
      (fault) => `${side}: ${fault}`,
    ),
  );
  return [...sides, ...stock];
}

/** Every receipt has its order, and its payment once; and there is no order without a receipt. */
export function checkOrders(
  receipts: ReadonlyMap<number, Receipt>,
  orders: readonly Found[],
  payments: readonly Paid[],
): string[] {
  const byId = new Map(orders.map((order) => [order.id, order]));
  const paid = Map.groupBy(payments, ({ orderId }) => orderId);
  const known = [...receipts.values()].flatMap(({ orderId, total, units, cancelled }) => {
    const order = byId.get(orderId);
    if (!order) return [`order ${orderId} is missing`];
    const [status, money] = cancelled ? ['cancelled', 'refunded'] : ['paid', 'paid'];
    const payment = (paid.get(orderId) ?? []).map(({ amount, status: is }) => `${amount} ${is}`).join(', ');
    return [
      ...(order.total === total ? [] : [`order ${orderId}: total ${order.total} instead of ${total}`]),
      ...(order.units === units ? [] : [`order ${orderId}: ${order.units} units instead of ${units}`]),
      ...(order.status === status ? [] : [`order ${orderId} is ${order.status} instead of ${status}`]),
      ...(payment === `${total} ${money}`
        ? []
        : [`order ${orderId}: payments ${payment || 'none'}, not ${total} ${money}`]),
    ];
  });
  const unknown = orders.filter(({ id }) => !receipts.has(id)).map(({ id }) => `order ${id} has no receipt`);
  return [...known, ...unknown];
}

function checkPrices(
  prices: ReadonlyMap<number, string>,
  found: readonly { id: number; price: string }[],
): string[] {
  const byId = new Map(found.map(({ id, price }) => [id, price]));
  return [...prices]
    .filter(([id, price]) => byId.get(id) !== price)
    .map(([id, price]) => `product ${id} costs ${byId.get(id) ?? 'nothing'} instead of ${price}`);
}

async function paymentsOf(url: string, before: number): Promise<Paid[]> {
  const session = await openSql(url);
  try {
    const rows = await session.sql(`SELECT order_id, amount, status FROM payment WHERE order_id > ${before}`);
    return rows.map(({ order_id: orderId, amount, status }) => {
      return { orderId: Number(orderId), amount: String(amount), status: String(status) };
    });
  } finally {
    await session.end();
  }
}
