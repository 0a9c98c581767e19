import { z } from 'zod';
import type { components } from '../api.gen.ts';
import { id, idInText, paging } from '../../service/http/input.ts';

type Schemas = components['schemas'];

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
}) satisfies z.ZodType<Schemas['NewProduct']>;

export const productUpdate = z.strictObject({
  name,
  price,
  status,
  categoryId: id.nullable(),
  reorderLevel,
}) satisfies z.ZodType<Schemas['ProductUpdate']>;

export const priceChange = z.strictObject({ price }) satisfies z.ZodType<Schemas['PriceChange']>;
