import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { tell } from '../../service/events/outbox.ts';
import { conflict } from '../../service/http/refusal.ts';
import { unknownCart } from '../carts/read.ts';
import type { Checkout, StepName, TakenLine } from './steps.ts';

/** Who works at a checkout has it in hand for so long; after that it is taken for forgotten, by a crash. */
const IN_HAND = `now() + interval '3 seconds'`;

const COLUMNS = `reference, cart_id AS "cartId", customer_id AS "customerId", method, step, lines, total,
  order_id AS "orderId", reason, (extract(epoch FROM begun_at) * 1000)::float AS "begunAt"`;

const TAKE = `
  WITH taken AS (DELETE FROM cart_line WHERE cart_id = $2 RETURNING id, product_id, quantity)
  INSERT INTO checkout (reference, cart_id, customer_id, method, step, lines, in_hand_until)
  SELECT $1, $2, $3, $4, 'taken',
         jsonb_agg(jsonb_build_object('id', id, 'productId', product_id, 'quantity', quantity) ORDER BY id), ${IN_HAND}
    FROM taken HAVING count(*) > 0
  RETURNING ${COLUMNS}`;

const SAVE = `
  UPDATE checkout SET step = $2, lines = $3, total = $4, order_id = $5, reason = $6, in_hand_until = ${IN_HAND}
   WHERE reference = $1 AND step = $7 RETURNING reference`;

const PUT_BACK = `
  INSERT INTO cart_line (id, cart_id, product_id, quantity)
  SELECT l.id, $1, l."productId", l.quantity
    FROM jsonb_to_recordset($2::jsonb) l (id integer, "productId" integer, quantity integer)
  ON CONFLICT (cart_id, product_id) DO UPDATE SET quantity = cart_line.quantity + excluded.quantity`;

const FORGOTTEN = `
  UPDATE checkout SET in_hand_until = ${IN_HAND}
   WHERE reference IN (SELECT reference FROM checkout
                        WHERE step NOT IN ('done', 'taken-back') AND in_hand_until < now()
                        ORDER BY in_hand_until LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING ${COLUMNS}`;

/**
 * Takes the lines out of a cart for a new checkout. The cart is locked, so that a second checkout waits and then
 * finds it empty.
 */
export function takeLines(database: DataSource, cartId: number, method: string): Promise<Checkout> {
  return database.transaction(async (manager) => {
    const [cart] = await manager.query<{ customer_id: number | null }[]>(
      'SELECT customer_id FROM cart WHERE id = $1 FOR UPDATE',
      [cartId],
    );
    if (!cart) throw unknownCart(cartId);
    const reference = randomUUID().replaceAll('-', '');
    const [taken] = await manager.query<Checkout[]>(TAKE, [reference, cartId, cart.customer_id, method]);
    if (!taken) throw conflict(`Cart ${cartId} is empty.`);
    return taken;
  });
}

/**
 * Writes down where a checkout went from a step. When it is settled, that is told to others, and when it was taken
 * back, its lines are in the cart again. Does nothing when somebody else has taken it on from there meanwhile.
 */
export async function save(database: DataSource, from: StepName, checkout: Checkout): Promise<void> {
  const { step } = checkout;
  if (step !== 'taken-back' && step !== 'done') return void (await write(database.manager, from, checkout));
  await database.transaction(async (manager) => {
    if (!(await write(manager, from, checkout))) return;
    if (step === 'taken-back') await manager.query(PUT_BACK, [checkout.cartId, linesOf(checkout)]);
    const { reference, cartId, customerId, method, total, orderId, reason } = checkout;
    const told = { reference, cartId, customerId, method, total, orderId, reason };
    await tell(manager, `checkout.${step}`, reference, told);
  });
}

/** Open checkouts that nobody has in hand; they are in the caller's now. */
export async function takeForgotten(database: DataSource, atMost: number): Promise<Checkout[]> {
  const [rows] = await database.query<[Checkout[], number]>(FORGOTTEN, [atMost]);
  return rows;
}

async function write(manager: EntityManager, from: StepName, checkout: Checkout): Promise<boolean> {
  const { reference, step, total, orderId, reason } = checkout;
  const values = [reference, step, linesOf(checkout), total, orderId, reason, from];
  const [, changed] = await manager.query<[unknown, number]>(SAVE, values);
  return changed > 0;
}

const linesOf = ({ lines }: { lines: TakenLine[] }) => JSON.stringify(lines);
