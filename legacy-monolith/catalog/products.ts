import type { Express } from 'express';
import { type DataSource, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import { violates } from '../http/database-refusal.ts';
import { readBody, readId, readQuery } from '../http/input.ts';
import { badRequest, conflict, notFound } from '../http/refusal.ts';
import { Product, type ProductRow } from './entities.ts';
import {
  newProduct,
  priceChange,
  productQuery,
  productUpdate,
  toProductJson,
  toProductRow,
} from './product-json.ts';

/** By other capabilities, to which no foreign key leads. */
const REFERRED = `
  SELECT EXISTS (SELECT FROM shp_cart_ln WHERE prod_id = $1) OR EXISTS (SELECT FROM ord_ln WHERE prod_id = $1) AS is`;

export const unknownProduct = (id: number) => notFound(`Product ${id} does not exist.`);

export function productRoutes(app: Express, database: DataSource): void {
  const products = database.getRepository(Product);

  app.get('/api/products', async (request, response) => {
    const { page, size, category, q } = readQuery(request, productQuery);
    const query = products
      .createQueryBuilder('p')
      .orderBy('p.prodId')
      .offset((page - 1) * size)
      .limit(size);
    if (category !== undefined) query.andWhere('p.catId = :category', { category });
    if (q) query.andWhere('(p.prodNm ILIKE :like OR p.stkCd ILIKE :like)', { like: containing(q) });
    const [rows, total] = await query.getManyAndCount();
    response.json({ items: rows.map(toProductJson), page, size, total });
  });

  app.get('/api/products/:id', async (request, response) => {
    const id = readId(request);
    const row = await products.findOneBy({ prodId: id });
    if (!row) throw unknownProduct(id);
    response.json(toProductJson(row));
  });

  app.post('/api/products', async (request, response) => {
    const input = readBody(request, newProduct);
    const row = await refusingBadReferences(input, () =>
      products.save({ stkCd: input.sku, ...toProductRow(input) }),
    );
    response.status(201).location(`/api/products/${row.prodId}`).json(toProductJson(row));
  });

  app.put('/api/products/:id', async (request, response) => {
    const id = readId(request);
    const input = readBody(request, productUpdate);
    const row = await refusingBadReferences(input, () => change(database, id, toProductRow(input)));
    response.json(toProductJson(row));
  });

  app.patch('/api/products/:id/price', async (request, response) => {
    const id = readId(request);
    const { price } = readBody(request, priceChange);
    response.json(toProductJson(await change(database, id, { unitPrc: price })));
  });

  app.delete('/api/products/:id', async (request, response) => {
    const id = readId(request);
    await refusingReferred(id, () => database.transaction((manager) => remove(manager, id)));
    response.status(204).end();
  });
}

/** One transaction, so that the answer is what this request wrote and not what came after it. */
function change(
  database: DataSource,
  id: number,
  columns: QueryDeepPartialEntity<ProductRow>,
): Promise<ProductRow> {
  return database.transaction(async (manager: EntityManager) => {
    const { affected } = await manager.update(Product, { prodId: id }, { ...columns, updDt: () => 'now()' });
    if (!affected) throw unknownProduct(id);
    return manager.findOneByOrFail(Product, { prodId: id });
  });
}

/** The product is locked first: nobody can put it into a cart between the look and the deletion. */
async function remove(manager: EntityManager, prodId: number): Promise<void> {
  const row = await manager.findOne(Product, { where: { prodId }, lock: { mode: 'pessimistic_write' } });
  if (!row) throw unknownProduct(prodId);
  const [referred] = await manager.query<{ is: boolean }[]>(REFERRED, [prodId]);
  if (referred?.is) throw stillReferred(prodId);
  await manager.delete(Product, { prodId });
}

async function refusingBadReferences<T>(
  input: { sku?: string; categoryId: number | null },
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (violates(error, '23505', 'tbl_products_stk_cd_key'))
      throw conflict(`A product with the sku "${input.sku}" exists already.`);
    if (violates(error, '23503'))
      throw badRequest(`body.categoryId: there is no category ${input.categoryId}.`);
    throw error;
  }
}

async function refusingReferred<T>(id: number, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!violates(error, '23503')) throw error;
    throw stillReferred(id);
  }
}

const stillReferred = (id: number) =>
  conflict(`Product ${id} is still referred to and cannot be deleted: discontinue it instead.`);

const containing = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
