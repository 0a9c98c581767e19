import type { Request } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { idInText, paging, readId, readQuery } from '../service/http/input.ts';
import { notFound } from '../service/http/refusal.ts';
import { toIso } from '../service/http/timestamp.ts';
import type { components } from './api.gen.ts';
import { CustomerOrder, type LineRow, OrderLine, type OrderRow } from './entities.ts';
import type { Answer } from './operations.ts';

type Schemas = components['schemas'];

const orderQuery = z.object({ ...paging, customer: idInText.optional() });

export async function listOrders(database: DataSource, request: Request): Promise<Answer<'listOrders'>> {
  const { page, size, customer } = readQuery(request, orderQuery);
  const [rows, total] = await database.getRepository(CustomerOrder).findAndCount({
    where: customer === undefined ? {} : { customerId: customer },
    order: { id: 'DESC' },
    skip: (page - 1) * size,
    take: size,
  });
  return { status: 200, body: { items: rows.map(toSummary), page, size, total } };
}

export async function getOrder(database: DataSource, request: Request): Promise<Answer<'getOrder'>> {
  return { status: 200, body: await readOrder(database.manager, readId(request)) };
}

export async function readOrder(manager: EntityManager, id: number): Promise<Schemas['Order']> {
  const row = await manager.findOneBy(CustomerOrder, { id });
  if (!row) throw unknownOrder(id);
  const lines = await manager.find(OrderLine, { where: { orderId: id }, order: { lineNumber: 'ASC' } });
  return { ...toSummary(row), lines: lines.map(toLine) };
}

export const unknownOrder = (id: number) => notFound(`Order ${id} does not exist.`);

const toSummary = (row: OrderRow): Schemas['OrderSummary'] => ({
  id: row.id,
  number: row.number,
  customerId: row.customerId,
  status: row.status,
  total: row.total,
  orderedAt: toIso(row.orderedAt),
});

const toLine = (row: LineRow): Schemas['OrderLine'] => ({
  lineNumber: row.lineNumber,
  productId: row.productId,
  description: row.description,
  quantity: row.quantity,
  unitPrice: row.unitPrice,
});
