import { toIso } from '../http/timestamp.ts';
import type { PaymentRow } from './entity.ts';

export const PAYMENT_METHOD = { card: 'C', invoice: 'I', cash: 'K' } as const;
const METHOD_NAME = new Map<string, string>(
  Object.entries(PAYMENT_METHOD).map(([name, code]) => [code, name]),
);

export const toPaymentJson = (row: PaymentRow) => ({
  id: row.pymtId,
  orderId: row.ordId,
  method: METHOD_NAME.get(row.mthdCd),
  amount: row.amt,
  status: row.statCd === 'R' ? 'refunded' : 'paid',
  paidAt: toIso(row.pymtDt),
});
