import type { Express } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { idInText, paging, readId, readQuery } from '../http/input.ts';
import { conflict, notFound } from '../http/refusal.ts';
import { Payment, type PaymentRow } from './entity.ts';
import { toPaymentJson } from './payment-json.ts';

const paymentQuery = z.object({ ...paging, order: idInText.optional() });

export function paymentRoutes(app: Express, database: DataSource): void {
  const payments = database.getRepository(Payment);

  app.get('/api/payments', async (request, response) => {
    const { page, size, order } = readQuery(request, paymentQuery);
    const [rows, total] = await payments.findAndCount({
      where: order === undefined ? {} : { ordId: order },
      order: { pymtId: 'DESC' },
      skip: (page - 1) * size,
      take: size,
    });
    response.json({ items: rows.map(toPaymentJson), page, size, total });
  });

  app.get('/api/payments/:id', async (request, response) => {
    response.json(toPaymentJson(await find(readId(request))));
  });

  app.post('/api/payments/:id/refund', async (request, response) => {
    const id = readId(request);
    const { affected } = await payments.update({ pymtId: id, statCd: 'P' }, { statCd: 'R' });
    const row = await find(id);
    if (!affected) throw conflict(`Payment ${id} is refunded already.`);
    response.json(toPaymentJson(row));
  });

  async function find(id: number): Promise<PaymentRow> {
    const row = await payments.findOneBy({ pymtId: id });
    if (!row) throw notFound(`Payment ${id} does not exist.`);
    return row;
  }
}
