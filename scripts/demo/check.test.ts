import { describe, expect, test } from '@jest/globals';
import type { FoundProduct, SideState } from './check.ts';
import { checkSide } from './check.ts';
import { differencesOf } from './compare-sides.ts';
import type { Movement, ProductValues } from './ledger.ts';
import { Ledger } from './ledger.ts';

const values = (price: string, sku = 'lamp'): ProductValues => ({
  sku,
  name: 'Lamp',
  price,
  status: 'active',
  categoryId: 1,
  reorderLevel: null,
});
const movement = (reference: string, quantity = 5): Movement => ({
  reference,
  productId: 1,
  quantity,
  reason: 'sale',
  unitPrice: null,
});
const newLedger = () => new Ledger([{ id: 1, onHand: 100, ...values('1.00') }], 7);
const product = (price: string, onHand = 100): FoundProduct => ({ id: 1, onHand, ...values(price) });
const state = (found: Partial<SideState>): SideState => ({
  side: 'service',
  products: [product('1.00')],
  movements: [],
  nightlyMovements: [],
  otherMovements: 7,
  ...found,
});
const faultsOf = (ledger: Ledger, found: Partial<SideState>, booked: string[] = []) =>
  checkSide(ledger, booked, state(found)).map(({ kind, what }) => `${kind}: ${what}`);

test('finds nothing where all is as it was acknowledged', () => {
  const ledger = newLedger();
  ledger.changed(1, values('2.00'));
  ledger.moved(movement('m1'));
  ledger.created(2, values('3.00', 'chair'));
  ledger.deleted(2);
  const found = { products: [product('2.00', 95)], movements: [movement('m1')] };
  expect(faultsOf(ledger, found)).toEqual([]);
  expect(ledger.acknowledged).toBe(4);
});

describe('products', () => {
  test('one that was acknowledged and is not there is missing', () => {
    const ledger = newLedger();
    ledger.created(2, values('3.00', 'chair'));
    expect(faultsOf(ledger, {})).toEqual(['missing: product 2 (chair) is not there']);
  });

  test('one that is there twice is doubled, by its id or by its sku', () => {
    const ledger = newLedger();
    expect(faultsOf(ledger, { products: [product('1.00'), product('1.00')] })).toEqual([
      'doubled: product 1 (lamp) is there 2 times',
    ]);
    expect(faultsOf(ledger, { products: [product('1.00'), { ...product('1.00'), id: 9 }] })).toEqual([
      'doubled: sku lamp is there 2 times',
      'wrong: product 9 (lamp) was never created',
    ]);
  });

  test('a price from before the newest acknowledged one is stale', () => {
    const ledger = newLedger();
    ledger.changed(1, values('2.00'));
    ledger.changed(1, values('3.00'));
    expect(faultsOf(ledger, { products: [product('2.00')] })).toEqual([
      'stale: product 1 (lamp): older than the newest acknowledged: price 2.00 instead of 3.00',
    ]);
  });

  test('a value that nobody wrote is wrong', () => {
    expect(faultsOf(newLedger(), { products: [product('9.99')] })).toEqual([
      'wrong: product 1 (lamp): never acknowledged: price 9.99 instead of 1.00',
    ]);
  });

  test('one that was deleted and is there has been resurrected', () => {
    const ledger = newLedger();
    ledger.deleted(1);
    expect(faultsOf(ledger, {})).toEqual(['resurrected: product 1 (lamp) was deleted and is there']);
  });

  test('the nightly job has the last word on what it wrote, also before its creation is known', () => {
    const ledger = newLedger();
    ledger.nightly([
      { prodId: 1, unitPrc: '1.05', qtyOh: 90 },
      { prodId: 10, unitPrc: '4.00', qtyOh: 0 },
    ]);
    ledger.created(10, values('3.00', 'chair'));
    const chair = { id: 10, onHand: 0, ...values('4.00', 'chair') };
    expect(faultsOf(ledger, { products: [product('1.05', 90), chair] })).toEqual([]);
    expect(faultsOf(ledger, { products: [product('1.00', 90), chair] })).toHaveLength(1);
  });
});

describe('stock', () => {
  test('a movement without its row is missing, and so is its effect', () => {
    const ledger = newLedger();
    ledger.moved(movement('m1'));
    expect(faultsOf(ledger, {})).toEqual([
      'wrong: product 1 (lamp): 100 on hand instead of 95, off by 5',
      'missing: movement m1 of product 1 is not there',
    ]);
  });

  test('a movement that was booked twice is doubled, and its effect too', () => {
    const ledger = newLedger();
    ledger.moved(movement('m1'));
    const found = { products: [product('1.00', 90)], movements: [movement('m1'), movement('m1')] };
    expect(faultsOf(ledger, found)).toEqual([
      'wrong: product 1 (lamp): 90 on hand instead of 95, off by -5',
      'doubled: movement m1 of product 1 is there 2 times',
    ]);
  });

  test('movements with another quantity, that nobody sent, or from before are seen', () => {
    const ledger = newLedger();
    ledger.moved(movement('m1'));
    const found = {
      products: [product('1.00', 95)],
      movements: [movement('m1', 6), movement('m2')],
      otherMovements: 6,
    };
    expect(faultsOf(ledger, found)).toEqual([
      'wrong: movement m1 of product 1: quantity 6 instead of 5',
      'wrong: movement m2 was never sent',
      'missing: 6 movements from before the demo instead of 7',
    ]);
  });

  test('what the nightly job booked must be there once', () => {
    const found = { nightlyMovements: ['W2 1 1', 'W2 1 1'] };
    expect(faultsOf(newLedger(), found, ['W1 1 3', 'W2 1 1'])).toEqual([
      'missing: nightly movement W1 1 3',
      'doubled: nightly movement W2 1 1',
    ]);
  });
});

describe('a write without an answer', () => {
  test('may have happened or not', () => {
    const ledger = newLedger();
    ledger.maybeChange(1, values('2.00'));
    ledger.maybeMove(movement('m1'));
    ledger.maybeCreate(values('3.00', 'chair'));
    expect(faultsOf(ledger, {})).toEqual([]);
    const found = {
      products: [product('2.00', 95), { id: 2, onHand: 0, ...values('3.00', 'chair') }],
      movements: [movement('m1')],
    };
    expect(faultsOf(ledger, found)).toEqual([]);
  });

  test('must not have happened twice', () => {
    const ledger = newLedger();
    ledger.maybeMove(movement('m1'));
    const found = { products: [product('1.00', 90)], movements: [movement('m1'), movement('m1')] };
    expect(faultsOf(ledger, found).map((fault) => fault.split(':')[0])).toEqual(['wrong', 'doubled']);
  });

  test('a deletion may leave the product or take it away', () => {
    const ledger = newLedger();
    ledger.maybeDelete(1);
    expect(faultsOf(ledger, {})).toEqual([]);
    expect(faultsOf(ledger, { products: [] })).toEqual([]);
  });
});

test('sides that differ are told apart by key', () => {
  const here = new Map([
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'c'],
  ]);
  const there = new Map([
    ['1', 'a'],
    ['2', 'x'],
    ['4', 'd'],
  ]);
  expect(differencesOf('t', here, there)).toEqual([
    't 2: monolith b, service x',
    't 3: monolith c, service has none',
    't 4: monolith has none, service d',
  ]);
});
