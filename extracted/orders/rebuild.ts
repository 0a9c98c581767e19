import type { DataSource, EntityManager } from 'typeorm';
import { openDatabase } from './database.ts';
import { CustomerOrder, type LineRow, OrderLine, type OrderRow } from './entities.ts';
import { fold, type OrderEvent } from './events.ts';

export interface Rebuilt {
  events: number;
  orders: number;
  /** Rows that were not what the events say, and are now. */
  changed: number;
}

const AT_ONCE = 500;
const EVENTS = `
  SELECT order_id AS "orderId", kind, data FROM order_event
   WHERE order_id > $1 AND order_id <= $2 ORDER BY order_id, id`;
/** The last of the next orders that there are events or rows of. */
const NEXT = `
  SELECT max(id)::integer AS last FROM (
    SELECT id FROM (SELECT order_id AS id FROM order_event UNION SELECT id FROM customer_order
                    UNION SELECT order_id FROM order_line) known
     WHERE id > $1 ORDER BY id LIMIT ${AT_ONCE}) next`;

/** Makes the rows of all orders what their events say. Orders are locked in portions, each in a transaction. */
export async function rebuild(database: DataSource): Promise<Rebuilt> {
  const total: Rebuilt = { events: 0, orders: 0, changed: 0 };
  for (let after = 0; ;) {
    const [next] = await database.query<{ last: number | null }[]>(NEXT, [after]);
    const last = next?.last ?? null;
    if (last === null) return total;
    const done = await database.transaction((manager) => rebuildPortion(manager, after, last));
    total.events += done.events;
    total.orders += done.orders;
    total.changed += done.changed;
    after = last;
  }
}

async function rebuildPortion(manager: EntityManager, after: number, last: number): Promise<Rebuilt> {
  await manager.query('LOCK TABLE customer_order, order_line IN SHARE ROW EXCLUSIVE MODE');
  await manager.query(`SELECT set_config('orders.by_event', 'on', true)`);
  const events = await manager.query<(OrderEvent & { orderId: number })[]>(EVENTS, [after, last]);
  const byOrder = Map.groupBy(events, ({ orderId }) => orderId);
  const orders: OrderRow[] = [];
  const lines: LineRow[] = [];
  for (const [id, ofOrder] of byOrder) {
    const state = fold(ofOrder);
    if (state.facts) orders.push({ id, ...state.facts });
    for (const line of state.lines.values()) lines.push({ orderId: id, ...line });
  }
  const portion = { after, last };
  const surplus =
    (await remove(manager, 'order_line', 'order_id', lines, portion)) +
    (await remove(manager, 'customer_order', 'id', orders, portion));
  const mended = (await write(manager, CustomerOrder, orders)) + (await write(manager, OrderLine, lines));
  return { events: events.length, orders: orders.length, changed: surplus + mended };
}

/** Rows that no event tells of. */
async function remove(
  manager: EntityManager,
  table: string,
  order: string,
  rows: { id: number | string }[],
  { after, last }: { after: number; last: number },
): Promise<number> {
  const [, removed] = await manager.query<[unknown, number]>(
    `DELETE FROM ${table} WHERE ${order} > $1 AND ${order} <= $2 AND NOT id::text = ANY($3)`,
    [after, last, rows.map(({ id }) => String(id))],
  );
  return removed;
}

/** Writes the rows that are not there as they must be. */
async function write<Row extends OrderRow | LineRow>(
  manager: EntityManager,
  entity: typeof CustomerOrder | typeof OrderLine,
  rows: Row[],
): Promise<number> {
  if (rows.length === 0) return 0;
  const { tableName, columns } = manager.connection.getMetadata(entity);
  const names = columns.map(({ databaseName }) => databaseName);
  const fields = columns.map(({ databaseName, propertyName }) => `r->>'${propertyName}' AS ${databaseName}`);
  const typed = names.map((name) => `w.${name}`);
  const all = (prefix: string) => `(${names.map((name) => `${prefix}.${name}`).join(', ')})`;
  const written = await manager.query<unknown[]>(
    `INSERT INTO ${tableName} AS t (${names.join(', ')})
     SELECT ${typed.join(', ')} FROM (
       SELECT (jsonb_populate_record(NULL::${tableName}, to_jsonb(f))).*
         FROM (SELECT ${fields.join(', ')} FROM jsonb_array_elements($1::jsonb) r) f) w
     ON CONFLICT (id) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}
       WHERE ${all('t')} IS DISTINCT FROM ${all('excluded')}
     RETURNING t.id`,
    [JSON.stringify(rows)],
  );
  return written.length;
}

if (import.meta.main) {
  const url = process.env.ORDERS_DATABASE_URL;
  if (!url) {
    console.error('ORDERS_DATABASE_URL is not set: postgres://user@host:port/database of the orders.');
    process.exit(1);
  }
  const database = await openDatabase(url);
  const { events, orders, changed } = await rebuild(database);
  console.log(`${events} events make ${orders} orders; ${changed} rows were not as they say, and are now`);
  await database.destroy();
}
