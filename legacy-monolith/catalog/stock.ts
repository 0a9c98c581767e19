import type { Express } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { paging, readBody, readId, readQuery } from '../http/input.ts';
import { toIso } from '../http/timestamp.ts';
import { Product, StockMovement, type StockMovementRow } from './entities.ts';
import { unknownProduct } from './products.ts';

const REASON = { sale: 'S', return: 'R', adjustment: 'A' } as const;
const REASON_NAME = new Map<string, string>(Object.entries(REASON).map(([name, code]) => [code, name]));

const newMovement = z.strictObject({
  quantity: z.int().min(-1_000_000).max(1_000_000),
  reason: z.enum(['sale', 'return', 'adjustment']),
  unitPrice: z
    .string()
    .regex(/^-?\d{1,9}\.\d{3}$/, 'must be a price such as "2.550"')
    .nullable()
    .default(null),
  reference: z.string().min(1).max(40).nullable().default(null),
});

/**
 * Sales and returns carry the invoice's own sign (sold units positive, returned ones negative), so they
 * leave the stock; an adjustment says by how much the stock changes.
 */
const onHandChange = (movement: z.output<typeof newMovement>): number =>
  movement.reason === 'adjustment' ? movement.quantity : -movement.quantity;

export function stockRoutes(app: Express, database: DataSource): void {
  const products = database.getRepository(Product);

  app.get('/api/products/:id/stock', async (request, response) => {
    const id = readId(request);
    const row = await products.findOneBy({ prodId: id });
    if (!row) throw unknownProduct(id);
    response.json({ productId: id, onHand: row.qtyOh, reorderLevel: row.reordLvl });
  });

  app.post('/api/products/:id/stock-movements', async (request, response) => {
    const id = readId(request);
    const movement = readBody(request, newMovement);
    response.status(201).json(await book(database, id, movement));
  });

  app.get('/api/products/:id/stock-movements', async (request, response) => {
    const id = readId(request);
    const { page, size } = readQuery(request, z.object(paging));
    if (!(await products.existsBy({ prodId: id }))) throw unknownProduct(id);
    const [rows, total] = await database.getRepository(StockMovement).findAndCount({
      where: { prodId: id },
      order: { mvmtId: 'DESC' },
      skip: (page - 1) * size,
      take: size,
    });
    response.json({ items: rows.map(toMovementJson), page, size, total });
  });
}

async function book(database: DataSource, prodId: number, movement: z.output<typeof newMovement>) {
  return database.transaction(async (manager) => {
    const change = onHandChange(movement);
    const { affected } = await manager.increment(Product, { prodId }, 'qtyOh', change);
    if (!affected) throw unknownProduct(prodId);
    const { mvmtId } = await manager.save(StockMovement, {
      prodId,
      qty: movement.quantity,
      rsnCd: REASON[movement.reason],
      unitPrc: movement.unitPrice,
      refNo: movement.reference,
    });
    const { qtyOh } = await manager.findOneByOrFail(Product, { prodId });
    return { movementId: Number(mvmtId), productId: prodId, onHand: qtyOh };
  });
}

const toMovementJson = (row: StockMovementRow) => ({
  id: Number(row.mvmtId),
  productId: row.prodId,
  quantity: row.qty,
  reason: REASON_NAME.get(row.rsnCd),
  unitPrice: row.unitPrc,
  reference: row.refNo,
  movedAt: toIso(row.mvmtDt),
});
