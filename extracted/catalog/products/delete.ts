import type { Request } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { Product, StockLevel } from '../entities.ts';
import { tell } from '../../service/events/outbox.ts';
import { violates } from '../../service/http/database-refusal.ts';
import { readId } from '../../service/http/input.ts';
import { conflict } from '../../service/http/refusal.ts';
import type { Answer } from '../operations.ts';
import { unknownProduct } from './answer.ts';

export async function deleteProduct(
  database: DataSource,
  request: Request,
): Promise<Answer<'deleteProduct'>> {
  const id = readId(request);
  try {
    await database.transaction((manager) => remove(manager, id));
  } catch (error) {
    if (!violates(error, '23503')) throw error;
    throw conflict(`Product ${id} is still referred to and cannot be deleted: discontinue it instead.`);
  }
  return { status: 204 };
}

/** The product is locked before its stock, as every write does it, so that two writes cannot deadlock. */
async function remove(manager: EntityManager, id: number): Promise<void> {
  const row = await manager.findOne(Product, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!row) throw unknownProduct(id);
  await manager.delete(StockLevel, { productId: id });
  await manager.delete(Product, { id });
  await tell(manager, 'product.deleted', id, { id });
}
