import type { Request } from 'express';
import type { DataSource, EntityManager, QueryDeepPartialEntity } from 'typeorm';
import type { z } from 'zod';
import { Product, StockLevel, type ProductRow } from '../entities.ts';
import { tell } from '../../service/events/outbox.ts';
import { violates } from '../../service/http/database-refusal.ts';
import { readBody, readId } from '../../service/http/input.ts';
import { badRequest, conflict } from '../../service/http/refusal.ts';
import type { Answer } from '../operations.ts';
import { toProductEvent, toProductJson, unknownProduct } from './answer.ts';
import { newProduct, priceChange, productUpdate } from './input.ts';
import { toMinor } from '../../service/money.ts';
import { readProduct } from './read.ts';

export async function createProduct(
  database: DataSource,
  request: Request,
): Promise<Answer<'createProduct'>> {
  const input = readBody(request, newProduct);
  const row = await refusingBadReferences(input, () =>
    database.transaction(async (manager) => {
      const { id } = await manager.save(Product, { sku: input.sku, ...toColumns(input) });
      await manager.insert(StockLevel, { productId: id, reorderLevel: input.reorderLevel });
      return told(manager, id);
    }),
  );
  return { status: 201, location: `/api/products/${row.id}`, body: toProductJson(row) };
}

export async function updateProduct(
  database: DataSource,
  request: Request,
): Promise<Answer<'updateProduct'>> {
  const id = readId(request);
  const input = readBody(request, productUpdate);
  const row = await refusingBadReferences(input, () =>
    database.transaction(async (manager) => {
      await change(manager, id, toColumns(input));
      await manager.upsert(StockLevel, { productId: id, reorderLevel: input.reorderLevel }, ['productId']);
      return told(manager, id);
    }),
  );
  return { status: 200, body: toProductJson(row) };
}

export async function changePrice(database: DataSource, request: Request): Promise<Answer<'changePrice'>> {
  const id = readId(request);
  const { price } = readBody(request, priceChange);
  const row = await database.transaction(async (manager) => {
    await change(manager, id, { priceMinor: toMinor(price) });
    return told(manager, id);
  });
  return { status: 200, body: toProductJson(row) };
}

/** The product as it is now, told to others in the same transaction; its row is locked by now. */
async function told(manager: EntityManager, id: number): Promise<ProductRow> {
  const row = await readProduct(manager, id);
  await tell(manager, 'product.changed', id, toProductEvent(row));
  return row;
}

async function change(
  manager: EntityManager,
  id: number,
  columns: QueryDeepPartialEntity<ProductRow>,
): Promise<void> {
  const { affected } = await manager.update(Product, { id }, { ...columns, updatedAt: () => 'now()' });
  if (!affected) throw unknownProduct(id);
}

const toColumns = (input: z.output<typeof productUpdate>) => ({
  name: input.name,
  categoryId: input.categoryId,
  priceMinor: toMinor(input.price),
  status: input.status,
});

async function refusingBadReferences<T>(
  input: { sku?: string; categoryId: number | null },
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (violates(error, '23505', 'product_sku_key'))
      throw conflict(`A product with the sku "${input.sku}" exists already.`);
    if (violates(error, '23503', 'product_category_id_fkey'))
      throw badRequest(`body.categoryId: there is no category ${input.categoryId}.`);
    throw error;
  }
}
