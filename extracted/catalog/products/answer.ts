import type { components } from '../api.gen.ts';
import type { ProductRow } from '../entities.ts';
import type { Told } from '../../service/events/event.ts';
import { notFound } from '../../service/http/refusal.ts';
import { toIso, toIsoOrNull } from '../../service/http/timestamp.ts';
import { toPrice } from '../../service/money.ts';

export const toProductJson = (row: ProductRow): components['schemas']['Product'] => ({
  id: row.id,
  sku: row.sku,
  name: row.name,
  price: toPrice(row.priceMinor),
  status: row.status,
  categoryId: row.categoryId,
  onHand: row.stock?.onHand ?? 0,
  reorderLevel: row.stock?.reorderLevel ?? null,
  createdAt: toIso(row.createdAt),
  updatedAt: toIsoOrNull(row.updatedAt),
});

/** What others are told of a product: all but its stock, which changes with every order. */
export const toProductEvent = ({
  id,
  sku,
  name,
  priceMinor,
  status,
  categoryId,
}: ProductRow): Told['product.changed'] => ({
  id,
  sku,
  name,
  price: toPrice(priceMinor),
  status,
  categoryId,
});

export const unknownProduct = (id: number) => notFound(`Product ${id} does not exist.`);
