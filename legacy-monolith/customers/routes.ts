import type { Express } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { violates } from '../http/database-refusal.ts';
import { paging, readBody, readId, readQuery } from '../http/input.ts';
import { conflict, notFound } from '../http/refusal.ts';
import { toIso } from '../http/timestamp.ts';
import { Customer, type CustomerRow } from './entity.ts';

const customerInput = z.strictObject({
  number: z.string().min(1).max(20).nullable().default(null),
  name: z.string().max(120).nullable().default(null),
  email: z.email().max(200).nullable().default(null),
  country: z.string().max(60).nullable().default(null),
});

export function customerRoutes(app: Express, database: DataSource): void {
  const customers = database.getRepository(Customer);

  app.get('/api/customers', async (request, response) => {
    const { page, size } = readQuery(request, z.object(paging));
    const [rows, total] = await customers.findAndCount({
      order: { custId: 'ASC' },
      skip: (page - 1) * size,
      take: size,
    });
    response.json({ items: rows.map(toCustomerJson), page, size, total });
  });

  app.post('/api/customers', async (request, response) => {
    const input = readBody(request, customerInput);
    const row = await refusingTakenNumber(input.number, () => customers.save(toCustomerRow(input)));
    response.status(201).location(`/api/customers/${row.custId}`).json(toCustomerJson(row));
  });

  app.get('/api/customers/:id', async (request, response) => {
    response.json(toCustomerJson(await find(readId(request))));
  });

  app.put('/api/customers/:id', async (request, response) => {
    const id = readId(request);
    const input = readBody(request, customerInput);
    await refusingTakenNumber(input.number, () => customers.update({ custId: id }, toCustomerRow(input)));
    response.json(toCustomerJson(await find(id)));
  });

  async function find(id: number): Promise<CustomerRow> {
    const row = await customers.findOneBy({ custId: id });
    if (!row) throw notFound(`Customer ${id} does not exist.`);
    return row;
  }
}

async function refusingTakenNumber<T>(number: string | null, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!violates(error, '23505', 'cust_mst_cust_no_key')) throw error;
    throw conflict(`A customer with the number "${number}" exists already.`);
  }
}

const toCustomerRow = (input: z.output<typeof customerInput>) => ({
  custNo: input.number,
  nm: input.name,
  eml: input.email,
  ctry: input.country,
});

const toCustomerJson = (row: CustomerRow) => ({
  id: row.custId,
  number: row.custNo,
  name: row.nm,
  email: row.eml,
  country: row.ctry,
  createdAt: toIso(row.crtDt),
});
