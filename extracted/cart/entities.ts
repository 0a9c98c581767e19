import { EntitySchema } from 'typeorm';

export interface CartRow {
  id: number;
  customerId: number | null;
}

export const Cart = new EntitySchema<CartRow>({
  name: 'Cart',
  tableName: 'cart',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    customerId: { name: 'customer_id', type: 'integer', nullable: true },
  },
});

export interface CartLineRow {
  id: number;
  cartId: number;
  productId: number;
  quantity: number;
}

export const CartLine = new EntitySchema<CartLineRow>({
  name: 'CartLine',
  tableName: 'cart_line',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    cartId: { name: 'cart_id', type: 'integer' },
    productId: { name: 'product_id', type: 'integer' },
    quantity: { type: 'integer' },
  },
});
