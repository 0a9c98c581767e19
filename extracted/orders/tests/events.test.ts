import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { fold, type LineFacts, type OrderEvent } from '../events.ts';
import { type Running, start } from '../../service/testing/running.ts';
import { ORDERS } from '../../service/testing/same-data.ts';

const REBUILD = fileURLToPath(new URL('../rebuild.ts', import.meta.url));
const DUMP = `
  SELECT 'order' AS is, id::text, to_jsonb(o)::text AS row FROM customer_order o
  UNION ALL SELECT 'line', id::text, to_jsonb(l)::text FROM order_line l ORDER BY 1, 2`;
const LINE: Omit<LineFacts, 'id'> = {
  lineNumber: 1,
  productId: 1,
  description: null,
  quantity: 1,
  unitPrice: '1.000',
};

describe('an order, folded from its events', () => {
  const line = fc.constantFrom('a', 'b', 'c').map((id) => ({ id, ...LINE }));
  const event: fc.Arbitrary<OrderEvent> = fc.oneof(
    line.map((data): OrderEvent => ({ kind: 'line-recorded', data })),
    line.map(({ id }): OrderEvent => ({ kind: 'line-removed', data: { id } })),
  );

  it('has the lines that were recorded and not removed after, whatever came between', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const expected = ['a', 'b', 'c'].filter(
          (id) => events.findLast(({ data }) => (data as { id: string }).id === id)?.kind === 'line-recorded',
        );
        expect([...fold(events).lines.keys()].sort()).toEqual(expected);
      }),
    );
  });
});

describe('the rows of the orders', () => {
  let orders: Running;
  beforeEach(async () => {
    // Written past the service, as a copy from the monolith is.
    orders = await start('orders', ORDERS[1], { PAYMENTS_PLACES: 'http://127.0.0.1:9' });
    await place('a');
    await place('b');
    await fetch(`${orders.url}/api/orders/3/cancel`, { method: 'POST' });
    await orders.rows(`UPDATE customer_order SET status = 'cancelled' WHERE id = 1;
      DELETE FROM order_line WHERE order_id = 1 AND line_number = 2;
      UPDATE order_line SET quantity = 99 WHERE order_id = 1`);
  });
  afterEach(() => orders.stop());

  const place = (letter: string) =>
    fetch(`${orders.url}/internal/placements/${letter.repeat(32)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        customerId: null,
        total: '8.49',
        lines: [
          { productId: 1, description: 'LANTERN "Crème"', quantity: 2, unitPrice: '2.550' },
          { productId: 2, description: null, quantity: 1, unitPrice: '3.390' },
        ],
      }),
    });

  function rebuild(): string {
    const env = { ...process.env, ORDERS_DATABASE_URL: orders.databaseUrl };
    const { stdout, stderr } = spawnSync(process.execPath, [REBUILD], { env, encoding: 'utf8' });
    return `${stdout}${stderr}`;
  }

  it('are what the events say already', async () => {
    const before = await orders.rows(DUMP);
    expect(before).toHaveLength(9);

    expect(rebuild()).toMatch(/make 4 orders; 0 rows were not as they say/);

    expect(await orders.rows(DUMP)).toEqual(before);
  });

  it('can be made anew from the events alone, the same to the last digit', async () => {
    const before = await orders.rows(DUMP);
    await orders.rows(`SET orders.by_event = 'on';
      UPDATE customer_order SET total = total + 1 WHERE id = 4;
      UPDATE order_line SET description = 'WRONG' WHERE order_id = 4 AND line_number = 1;
      DELETE FROM order_line WHERE order_id = 3; DELETE FROM customer_order WHERE id = 3;
      INSERT INTO customer_order (id, total) VALUES (77, 1)`);
    expect(await orders.rows(DUMP)).not.toEqual(before);

    expect(rebuild()).toMatch(/make 4 orders; 6 rows were not as they say/);

    expect(await orders.rows(DUMP)).toEqual(before);
  });

  it('have events that nobody can change', async () => {
    await expect(orders.rows('UPDATE order_event SET order_id = 7')).rejects.toThrow(/only ever added/);
    await expect(orders.rows('DELETE FROM order_event')).rejects.toThrow(/only ever added/);
  });
});
