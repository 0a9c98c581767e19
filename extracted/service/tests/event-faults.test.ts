import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { metricOf } from '../testing/metric.ts';
import { type Running, start } from '../testing/running.ts';
import { refuseWrites } from '../testing/scratch-database.ts';
import { AmqpWire, TestBus } from '../testing/test-bus.ts';
import { until } from '../testing/until.ts';

const PRODUCTS = `INSERT INTO product (sku, price_minor) SELECT 'P' || n, 100 FROM generate_series(1, 9) n`;
const NOBODY = 'http://127.0.0.1:9';

/** Each example sells a product of its own. */
describe('an event of orders that the catalog takes', () => {
  let bus: TestBus;
  let orders: Running;
  let catalog: Running;
  /** The ways of the two to the broker. */
  let there: AmqpWire;
  let back: AmqpWire;
  beforeAll(async () => {
    bus = await TestBus.open();
    there = await AmqpWire.to(bus.url);
    back = await AmqpWire.to(bus.url);
    [orders, catalog] = await Promise.all([
      start('orders', '', { ...bus.env(there.url), PAYMENTS_PLACES: NOBODY }),
      start('catalog', PRODUCTS, bus.env(back.url)),
    ]);
  });
  afterAll(async () => {
    await orders.stop();
    await catalog.stop();
    await there.close();
    await back.close();
    await bus.close();
  });

  async function place(productId: number, quantity = 1, of = orders): Promise<number> {
    const line = { productId, description: null, quantity, unitPrice: '1.000' };
    const answer = await fetch(`${of.url}/internal/placements/${randomUUID().replaceAll('-', '')}`, {
      method: 'PUT',
      body: JSON.stringify({ customerId: null, total: '1.00', lines: [line] }),
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { id: number }).id;
  }
  const cancel = (id: number) => fetch(`${orders.url}/api/orders/${id}/cancel`, { method: 'POST' });
  const unitsOf = async (productId: number) => {
    const answer = await fetch(`${catalog.url}/api/products/${productId}/sales`);
    return ((await answer.json()) as { units: number }).units;
  };
  const sold = (productId: number, units: number) =>
    until(`${units} units of ${productId} are sold`, async () => (await unitsOf(productId)) === units);
  const readiness = async (of: Running) =>
    ((await (await fetch(`${of.url}/ready`)).json()) as { events: { broker: string; waiting: number } })
      .events;
  const outboxOf = (of: Running) =>
    of.rows<{ name: string; subject: string }>('SELECT name, subject FROM event_outbox ORDER BY id');

  it('is told again after kill -9 between its publishing and its striking out, and taken once', async () => {
    const confirming = there.holdAt('confirm');
    const id = await place(1, 2);
    await confirming;
    const [event] = await bus.heard(1, ({ subject }) => subject === `order/${id}`);
    await sold(1, 2);

    await orders.kill();
    expect(await outboxOf(orders)).toEqual([{ name: 'order.placed', subject: `order/${id}` }]);
    there.release();
    await orders.startAgain();

    const twice = await bus.heard(2, ({ subject }) => subject === `order/${id}`);
    expect(twice).toEqual([event, event]);
    await until(
      'the second is known',
      async () => (await metricOf(catalog, 'events_duplicates_total')) === 1,
    );
    expect(await unitsOf(1)).toBe(2);
    await until('nothing waits', async () => (await outboxOf(orders)).length === 0);
  });

  it('is taken once when kill -9 hits the catalog between its effect and its word to the broker', async () => {
    const acknowledging = back.holdAt('acknowledge');
    await place(2, 3);
    await acknowledging;
    await catalog.kill();
    back.lose();
    await catalog.startAgain();

    await until('it is known', async () => (await metricOf(catalog, 'events_duplicates_total')) === 1);
    expect(await unitsOf(2)).toBe(3);
    expect(await metricOf(catalog, 'events_taken_total')).toBe(0);
  });

  it('waits for a catalog that is not running', async () => {
    await catalog.kill();
    await place(3, 4);
    await until('it is published', async () => (await outboxOf(orders)).length === 0);

    await catalog.startAgain();

    await sold(3, 4);
  });

  it('waits for a broker that is away, while requests are answered', async () => {
    there.shut();
    for (let n = 0; n < 5; n += 1) await place(4);
    await until('it is noticed', async () => (await readiness(orders)).broker === 'away');
    expect(await readiness(orders)).toMatchObject({ broker: 'away', waiting: 5 });
    expect(await metricOf(orders, 'events_outbox_waiting')).toBe(5);
    expect(await metricOf(orders, 'events_outbox_oldest_seconds')).toBeGreaterThan(0);

    there.open();

    await sold(4, 5);
    await until('nothing waits', async () => (await readiness(orders)).waiting === 0);
    expect(await readiness(orders)).toEqual({ broker: 'connected', waiting: 0, oldestSeconds: 0 });
  });

  it('never comes before an older one of its order, however often connections break', async () => {
    const kept: number[] = [];
    const all: number[] = [];
    const working = Promise.all(
      Array.from({ length: 10 }, async (_, n) => {
        for (let round = 0; round < 3; round += 1) {
          const id = await place(5);
          all.push(id);
          if ((n + round) % 2 === 0) kept.push(id);
          else expect((await cancel(id)).status).toBe(200);
        }
      }),
    );
    await there.cutAt('confirm');
    await back.cutAt('acknowledge');
    await there.cutAt('publish');
    await working;

    await sold(5, kept.length);
    await until('nothing waits', async () => (await outboxOf(orders)).length === 0);
    for (const id of all) {
      const ofOrder = bus.events.filter(({ subject }) => subject === `order/${id}`);
      const firsts = [...new Map(ofOrder.map((event) => [event.id, event.sequence])).values()];
      expect(firsts).toEqual([...firsts].sort());
      expect(firsts).toHaveLength(kept.includes(id) ? 1 : 2);
    }
    expect(await unitsOf(5)).toBe(kept.length);
  });

  it('is kept aside with the reason when it makes no sense, and others go on', async () => {
    const [sample] = await bus.heard(1);
    await bus.publish('order.placed', 'no event');
    await bus.publish('order.placed', { ...sample, type: 'dev.strangler.shop.order.eaten.v1' });
    await bus.publish('order.placed', { ...sample, partitionkey: 'order/999', data: { id: 999 } });
    await place(6, 7);

    await sold(6, 7);
    const reasons = (await bus.dead('catalog', 3)).map(({ reason }) => reason).sort();
    expect(reasons).toEqual([
      expect.stringMatching(/^data\.status: /),
      expect.stringMatching(/^it is not JSON: /),
      'nobody here takes order.eaten',
    ]);
    expect(await metricOf(catalog, 'events_dead_total')).toBe(3);
  });

  it('is kept aside when it fails again and again, holds up no other, and can be put back', async () => {
    await catalog.rows(refuseWrites('sold_line', 'NEW.product_id = 7'));
    await place(7, 2);
    await place(8, 1);

    await sold(8, 1);
    const [dead] = await bus.dead('catalog', 1);
    expect(dead!.reason).toBe('table sold_line is closed for writes');
    await catalog.rows('DROP TRIGGER refuse_sold_line ON sold_line');
    await bus.putBack('catalog', dead!);

    await sold(7, 2);
  });

  it('does no harm when it is put back after a newer one of its order was taken', async () => {
    await catalog.rows(`CREATE TRIGGER refuse_sold_line BEFORE INSERT ON sold_line FOR EACH ROW
      WHEN (NEW.product_id = 9) EXECUTE FUNCTION refuse_sold_line()`);
    const id = await place(9, 2);
    const [dead] = await bus.dead('catalog', 1);
    await catalog.rows('DROP TRIGGER refuse_sold_line ON sold_line');
    const before = await metricOf(catalog, 'events_taken_total');
    await cancel(id);
    await until('it is taken', async () => (await metricOf(catalog, 'events_taken_total')) === before + 1);
    const known = await metricOf(catalog, 'events_duplicates_total');

    await bus.putBack('catalog', dead!);

    await until(
      'it is known',
      async () => (await metricOf(catalog, 'events_duplicates_total')) === known + 1,
    );
    expect(await unitsOf(9)).toBe(0);
  });

  it('waits without any broker, the newest of them, and flows when there is one', async () => {
    const alone = await start('orders', '', { OUTBOX_LIMIT: '3', PAYMENTS_PLACES: NOBODY });
    const ids: number[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await place(1, 1, alone));

    await until('older ones are dropped', async () => (await metricOf(alone, 'events_dropped_total')) === 2);
    expect(await readiness(alone)).toMatchObject({ broker: 'none', waiting: 3 });
    expect((await outboxOf(alone)).map(({ subject }) => subject)).toEqual(
      ids.slice(2).map((id) => `order/${id}`),
    );
    const own = await TestBus.open();
    await alone.kill();
    await alone.startAgain(own.env());

    expect((await own.heard(3)).map(({ subject }) => subject)).toEqual(
      ids.slice(2).map((id) => `order/${id}`),
    );
    await alone.stop();
    await own.close();
  });

  it('is as asyncapi.yaml has it, each time', () => {
    expect(bus.faults).toEqual([]);
  });
});
