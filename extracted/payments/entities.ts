import { EntitySchema } from 'typeorm';
import type { components } from './api.gen.ts';

type Schemas = components['schemas'];

export interface PaymentRow {
  id: number;
  orderId: number;
  method: Schemas['PaymentMethod'];
  amount: string;
  status: Schemas['Payment']['status'];
  paidAt: string;
}

export const Payment = new EntitySchema<PaymentRow>({
  name: 'Payment',
  tableName: 'payment',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    orderId: { name: 'order_id', type: 'int' },
    method: { type: 'varchar' },
    amount: { type: 'decimal', precision: 14, scale: 2 },
    status: { type: 'varchar' },
    paidAt: { name: 'paid_at', type: 'varchar' },
  },
});
