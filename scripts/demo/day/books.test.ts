import { expect, test } from '@jest/globals';
import { checkOrders } from './books.ts';

const receipts = new Map([
  [1, { orderId: 1, total: '5.10', units: 2, cancelled: false }],
  [2, { orderId: 2, total: '1.00', units: 1, cancelled: true }],
]);
const ORDERS = [
  { id: 1, total: '5.10', units: 2, status: 'paid' },
  { id: 2, total: '1.00', units: 1, status: 'cancelled' },
];
const PAYMENTS = [
  { orderId: 1, amount: '5.10', status: 'paid' },
  { orderId: 2, amount: '1.00', status: 'refunded' },
];

test('books that agree with the receipts have no fault', () => {
  expect(checkOrders(receipts, ORDERS, PAYMENTS)).toEqual([]);
});

test.each([
  ['an order that is lost', ORDERS.slice(1), PAYMENTS, ['order 1 is missing']],
  ['an order of nobody', [...ORDERS, { ...ORDERS[0]!, id: 3 }], PAYMENTS, ['order 3 has no receipt']],
  [
    'another total',
    [{ ...ORDERS[0]!, total: '5.11' }, ORDERS[1]!],
    PAYMENTS,
    ['order 1: total 5.11 instead of 5.10'],
  ],
  ['a unit less', [{ ...ORDERS[0]!, units: 1 }, ORDERS[1]!], PAYMENTS, ['order 1: 1 units instead of 2']],
  [
    'a cancellation lost',
    [ORDERS[0]!, { ...ORDERS[1]!, status: 'paid' }],
    PAYMENTS,
    ['order 2 is paid instead of cancelled'],
  ],
  ['no payment', ORDERS, PAYMENTS.slice(1), ['order 1: payments none, not 5.10 paid']],
  [
    'two payments',
    ORDERS,
    [...PAYMENTS, PAYMENTS[0]!],
    ['order 1: payments 5.10 paid, 5.10 paid, not 5.10 paid'],
  ],
  [
    'a refund lost',
    ORDERS,
    [PAYMENTS[0]!, { ...PAYMENTS[1]!, status: 'paid' }],
    ['order 2: payments 1.00 paid, not 1.00 refunded'],
  ],
])('the books tell of %s', (_what, orders, payments, faults) => {
  expect(checkOrders(receipts, orders, payments)).toEqual(faults);
});
