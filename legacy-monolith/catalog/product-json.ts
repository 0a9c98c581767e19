import { z } from 'zod';
import { id, idInText, paging } from '../http/input.ts';
import { toIso, toIsoOrNull } from '../http/timestamp.ts';
import type { ProductRow } from './entities.ts';

/** The words of the public contract for the one-letter codes in tbl_products.stat_cd. */
const STATUS = { active: 'A', discontinued: 'D', hidden: 'H' } as const;
const STATUS_NAME = new Map<string, string>(Object.entries(STATUS).map(([name, code]) => [code, name]));

const status = z.enum(['active', 'discontinued', 'hidden']);
const price = z.string().regex(/^\d{1,10}\.\d{2}$/, 'must be a price such as "2.55"');
const name = z.string().max(500).nullable();
const reorderLevel = z.int().min(0).max(1_000_000).nullable();

export const productQuery = z.object({
  ...paging,
  category: idInText.optional(),
  q: z.string().max(100).optional(),
});

export const newProduct = z.strictObject({
  sku: z.string().min(1).max(40),
  name: name.default(null),
  price,
  status: status.default('active'),
  categoryId: id.nullable().default(null),
  reorderLevel: reorderLevel.default(null),
});

export const productUpdate = z.strictObject({
  name,
  price,
  status,
  categoryId: id.nullable(),
  reorderLevel,
});

export const priceChange = z.strictObject({ price });

export function toProductJson(row: ProductRow) {
  return {
    id: row.prodId,
    sku: row.stkCd,
    name: row.prodNm,
    price: row.unitPrc,
    status: STATUS_NAME.get(row.statCd),
    categoryId: row.catId,
    onHand: row.qtyOh,
    reorderLevel: row.reordLvl,
    createdAt: toIso(row.crtDt),
    updatedAt: toIsoOrNull(row.updDt),
  };
}

/** The columns of what a client may set. */
export function toProductRow(input: z.output<typeof productUpdate>) {
  return {
    prodNm: input.name,
    unitPrc: input.price,
    statCd: STATUS[input.status],
    catId: input.categoryId,
    reordLvl: input.reorderLevel,
  };
}
