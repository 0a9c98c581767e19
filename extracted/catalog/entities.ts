import { EntitySchema } from 'typeorm';
import type { components } from './api.gen.ts';

export interface CategoryRow {
  id: number;
  name: string;
  parentId: number | null;
}

export const Category = new EntitySchema<CategoryRow>({
  name: 'Category',
  tableName: 'category',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    name: { type: 'varchar' },
    parentId: { name: 'parent_id', type: 'integer', nullable: true },
  },
});

export interface ProductRow {
  id: number;
  sku: string;
  name: string | null;
  categoryId: number | null;
  priceMinor: string;
  status: components['schemas']['ProductStatus'];
  createdAt: string;
  updatedAt: string | null;
  /** Missing only while a product arrives without its stock, which then counts as none. */
  stock: StockLevelRow | null;
}

/** Timestamps are declared as text, or TypeORM would cut them down to a Date's milliseconds. */
export const Product = new EntitySchema<ProductRow>({
  name: 'Product',
  tableName: 'product',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    sku: { type: 'varchar' },
    name: { type: 'text', nullable: true },
    categoryId: { name: 'category_id', type: 'integer', nullable: true },
    priceMinor: { name: 'price_minor', type: 'bigint' },
    status: { type: 'enum', enum: ['active', 'discontinued', 'hidden'], default: 'active' },
    createdAt: { name: 'created_at', type: 'text', default: () => 'now()' },
    updatedAt: { name: 'updated_at', type: 'text', nullable: true },
  },
  relations: { stock: { type: 'one-to-one', target: 'StockLevel', inverseSide: 'product' } },
});

export interface StockLevelRow {
  productId: number;
  onHand: number;
  reorderLevel: number | null;
  product?: ProductRow;
}

export const StockLevel = new EntitySchema<StockLevelRow>({
  name: 'StockLevel',
  tableName: 'stock_level',
  columns: {
    productId: { name: 'product_id', type: 'integer', primary: true },
    onHand: { name: 'on_hand', type: 'integer', default: 0 },
    reorderLevel: { name: 'reorder_level', type: 'integer', nullable: true },
  },
  relations: {
    product: {
      type: 'one-to-one',
      target: 'Product',
      joinColumn: { name: 'product_id' },
      inverseSide: 'stock',
    },
  },
});

export interface StockMovementRow {
  id: string;
  productId: number;
  quantity: number;
  reason: components['schemas']['StockReason'];
  unitPrice: string | null;
  reference: string | null;
  movedAt: string;
}

export const StockMovement = new EntitySchema<StockMovementRow>({
  name: 'StockMovement',
  tableName: 'stock_movement',
  columns: {
    id: { type: 'bigint', primary: true, generated: true },
    productId: { name: 'product_id', type: 'integer' },
    quantity: { type: 'integer' },
    reason: { type: 'enum', enum: ['sale', 'return', 'adjustment'] },
    unitPrice: { name: 'unit_price', type: 'numeric', nullable: true },
    reference: { type: 'varchar', nullable: true },
    movedAt: { name: 'moved_at', type: 'text', default: () => 'now()' },
  },
});
