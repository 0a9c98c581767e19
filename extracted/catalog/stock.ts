import type { Request } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import type { components } from './api.gen.ts';
import { Product, StockMovement, type StockMovementRow } from './entities.ts';
import { paging, readBody, readId, readQuery } from '../service/http/input.ts';
import { toIso } from '../service/http/timestamp.ts';
import type { Answer } from './operations.ts';
import { unknownProduct } from './products/answer.ts';
import { readProduct } from './products/read.ts';

type Schemas = components['schemas'];

const newMovement = z.strictObject({
  quantity: z.int().min(-1_000_000).max(1_000_000),
  reason: z.enum(['sale', 'return', 'adjustment']),
  unitPrice: z
    .string()
    .regex(/^-?\d{1,9}\.\d{3}$/, 'must be a price such as "2.550"')
    .nullable()
    .default(null),
  reference: z.string().min(1).max(40).nullable().default(null),
}) satisfies z.ZodType<Schemas['NewStockMovement']>;

type NewMovement = z.output<typeof newMovement>;

/** Sales and returns carry the invoice's own sign, so they leave the stock. */
const onHandChange = ({ reason, quantity }: NewMovement) => (reason === 'adjustment' ? quantity : -quantity);

const ADD_TO_STOCK = `
  INSERT INTO stock_level (product_id, on_hand) VALUES ($1, $2)
  ON CONFLICT (product_id) DO UPDATE SET on_hand = stock_level.on_hand + excluded.on_hand
  RETURNING on_hand AS "onHand"`;

export async function getStock(database: DataSource, request: Request): Promise<Answer<'getStock'>> {
  const id = readId(request);
  const { stock } = await readProduct(database.manager, id);
  const body = { productId: id, onHand: stock?.onHand ?? 0, reorderLevel: stock?.reorderLevel ?? null };
  return { status: 200, body };
}

export async function listStockMovements(
  database: DataSource,
  request: Request,
): Promise<Answer<'listStockMovements'>> {
  const id = readId(request);
  const { page, size } = readQuery(request, z.object(paging));
  if (!(await database.manager.existsBy(Product, { id }))) throw unknownProduct(id);
  const [rows, total] = await database.manager.findAndCount(StockMovement, {
    where: { productId: id },
    order: { id: 'DESC' },
    skip: (page - 1) * size,
    take: size,
  });
  return { status: 200, body: { items: rows.map(toMovementJson), page, size, total } };
}

export async function bookStockMovement(
  database: DataSource,
  request: Request,
): Promise<Answer<'bookStockMovement'>> {
  const id = readId(request);
  const movement = readBody(request, newMovement);
  return { status: 201, body: await database.transaction((manager) => book(manager, id, movement)) };
}

async function book(
  manager: EntityManager,
  productId: number,
  movement: NewMovement,
): Promise<Schemas['BookedStockMovement']> {
  const lock = { mode: 'for_key_share' } as const;
  if (!(await manager.findOne(Product, { where: { id: productId }, lock }))) throw unknownProduct(productId);
  const { id } = await manager.save(StockMovement, { productId, ...movement });
  const [stock] = await manager.query<{ onHand: number }[]>(ADD_TO_STOCK, [
    productId,
    onHandChange(movement),
  ]);
  return { movementId: Number(id), productId, onHand: stock!.onHand };
}

const toMovementJson = (row: StockMovementRow): Schemas['StockMovement'] => ({
  id: Number(row.id),
  productId: row.productId,
  quantity: row.quantity,
  reason: row.reason,
  unitPrice: row.unitPrice,
  reference: row.reference,
  movedAt: toIso(row.movedAt),
});
