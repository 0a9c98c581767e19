import { EntitySchema } from 'typeorm';
import type { OrderStatus } from './events.ts';

export interface OrderRow {
  id: number;
  number: string | null;
  customerId: number | null;
  status: OrderStatus;
  total: string;
  orderedAt: string;
  stockBooked: boolean | null;
}

/** Timestamps are declared as text, or TypeORM would cut them down to a Date's milliseconds. */
export const CustomerOrder = new EntitySchema<OrderRow>({
  name: 'CustomerOrder',
  tableName: 'customer_order',
  columns: {
    id: { type: 'integer', primary: true },
    number: { type: 'varchar', nullable: true },
    customerId: { name: 'customer_id', type: 'integer', nullable: true },
    status: { type: 'enum', enum: ['new', 'paid', 'cancelled'] },
    total: { type: 'numeric' },
    orderedAt: { name: 'ordered_at', type: 'text' },
    stockBooked: { name: 'stock_booked', type: 'boolean', nullable: true },
  },
});

export interface LineRow {
  id: string;
  orderId: number;
  lineNumber: number;
  productId: number;
  description: string | null;
  quantity: number;
  unitPrice: string;
}

export const OrderLine = new EntitySchema<LineRow>({
  name: 'OrderLine',
  tableName: 'order_line',
  columns: {
    id: { type: 'uuid', primary: true },
    orderId: { name: 'order_id', type: 'integer' },
    lineNumber: { name: 'line_number', type: 'integer' },
    productId: { name: 'product_id', type: 'integer' },
    description: { type: 'text', nullable: true },
    quantity: { type: 'integer' },
    unitPrice: { name: 'unit_price', type: 'numeric' },
  },
});
