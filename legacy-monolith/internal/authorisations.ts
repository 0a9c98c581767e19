import type { Express } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { id, readBody } from '../http/input.ts';
import { conflict } from '../http/refusal.ts';
import { PAYMENT_METHOD } from '../payments/payment-json.ts';
import { readReference } from './reference.ts';

const authorised = {
  method: z.enum(['card', 'invoice', 'cash']),
  amount: z.string().regex(/^-?\d{1,12}\.\d{2}$/, 'must be an amount such as "2.55"'),
};
const authorisation = z.strictObject(authorised);
const capture = z.strictObject({ orderId: id, ...authorised });
const refund = z.strictObject({ orderId: id });

// Each step begins with an insert: that is what a fence refuses, even where there is no row to change.
const AUTHORISE = `
  INSERT INTO pymt_auth (auth_ref, mthd_cd, amt, stat_cd) VALUES ($1, $2, $3, 'A')
  ON CONFLICT (auth_ref) DO NOTHING`;
const CAPTURE = `
  INSERT INTO pymt_auth (auth_ref, mthd_cd, amt, stat_cd) VALUES ($1, $2, $3, 'C')
  ON CONFLICT (auth_ref) DO UPDATE SET stat_cd = 'C' WHERE pymt_auth.stat_cd = 'A' RETURNING auth_ref`;
const VOID = `
  INSERT INTO pymt_auth (auth_ref, stat_cd) VALUES ($1, 'V')
  ON CONFLICT (auth_ref) DO UPDATE SET stat_cd = 'V' WHERE pymt_auth.stat_cd = 'A'`;
/** An order may be cancelled before its payment is captured: whoever comes second has to see the first. */
const LOCK_ORDER = `SELECT pg_advisory_xact_lock('pymt'::regclass::oid::integer, $1)`;
const PAY = `
  INSERT INTO pymt (ord_id, mthd_cd, amt, stat_cd)
  SELECT $1::integer, $2, $3, CASE WHEN EXISTS (SELECT FROM pymt_auth WHERE auth_ref = 'refund-' || $1::integer) THEN 'R' ELSE 'P' END`;
const REFUSE_LATER = `
  INSERT INTO pymt_auth (auth_ref, stat_cd) VALUES ('refund-' || $1::integer, 'V')
  ON CONFLICT (auth_ref) DO NOTHING`;
const REFUND = `UPDATE pymt SET stat_cd = 'R' WHERE ord_id = $1 AND stat_cd = 'P'`;

export function authorisationRoutes(app: Express, database: DataSource): void {
  app.put('/internal/authorisations/:reference', async (request, response) => {
    const reference = readReference(request);
    const { method, amount } = readBody(request, authorisation);
    await database.query(AUTHORISE, [reference, PAYMENT_METHOD[method], amount]);
    if ((await stateOf(database.manager, reference)) === 'V') {
      throw conflict(`The authorisation ${reference} was voided.`);
    }
    response.status(204).end();
  });

  app.post('/internal/authorisations/:reference/capture', async (request, response) => {
    const reference = readReference(request);
    const input = readBody(request, capture);
    await database.transaction((manager) => pay(manager, reference, input));
    response.status(204).end();
  });

  app.post('/internal/authorisations/:reference/void', async (request, response) => {
    const reference = readReference(request);
    await database.query(VOID, [reference]);
    if ((await stateOf(database.manager, reference)) === 'C') {
      throw conflict(`The authorisation ${reference} was captured.`);
    }
    response.status(204).end();
  });

  app.post('/internal/refunds', async (request, response) => {
    const { orderId } = readBody(request, refund);
    await database.transaction(async (manager) => {
      await manager.query(LOCK_ORDER, [orderId]);
      await manager.query(REFUSE_LATER, [orderId]);
      await manager.query(REFUND, [orderId]);
    });
    response.status(204).end();
  });
}

/** The payment comes into being here, once: what was only authorised is nobody's money yet. */
async function pay(
  manager: EntityManager,
  reference: string,
  { orderId, method, amount }: z.output<typeof capture>,
): Promise<void> {
  const captured = await manager.query<unknown[]>(CAPTURE, [reference, PAYMENT_METHOD[method], amount]);
  if (captured.length === 0) {
    if ((await stateOf(manager, reference)) === 'V') {
      throw conflict(`The authorisation ${reference} was voided.`);
    }
    return;
  }
  await manager.query(LOCK_ORDER, [orderId]);
  await manager.query(PAY, [orderId, PAYMENT_METHOD[method], amount]);
}

async function stateOf(manager: EntityManager, reference: string): Promise<string | undefined> {
  const [row] = await manager.query<{ stat_cd: string }[]>(
    'SELECT stat_cd FROM pymt_auth WHERE auth_ref = $1',
    [reference],
  );
  return row?.stat_cd;
}
