import type { Ledger, Movement, MovementRecord, ProductRecord, ProductValues } from './ledger.ts';
import { newestOf } from './ledger.ts';

export type FaultKind = 'missing' | 'doubled' | 'stale' | 'resurrected' | 'wrong';

/** An acknowledged write that a database does not show as it must. */
export interface Fault {
  side: string;
  kind: FaultKind;
  what: string;
}

export interface FoundProduct extends ProductValues {
  id: number;
  onHand: number | null;
}

/** What one database holds, in the words of the public contract, read by ourselves. */
export interface SideState {
  side: string;
  products: FoundProduct[];
  /** The movements whose reference the demo gave. */
  movements: Movement[];
  /** The movements that the nightly job booked for orders of the demo, one text each. */
  nightlyMovements: string[];
  otherMovements: number;
}

type Found = Omit<Fault, 'side'>;

/**
 * Holds one database to the ledger.
 *
 * @param booked what the nightly job booked by the word of the orders, which never move
 */
export function checkSide(ledger: Ledger, booked: readonly string[], state: SideState): Fault[] {
  const faults = [
    ...checkProducts(ledger, state.products),
    ...checkMovements(ledger, state.movements),
    ...checkTexts('nightly movement', booked, state.nightlyMovements),
    ...checkOthers(ledger.movementsAtStart, state.otherMovements),
  ];
  return faults.map((fault) => ({ side: state.side, ...fault }));
}

function checkProducts(ledger: Ledger, found: readonly FoundProduct[]): Found[] {
  const byId = Map.groupBy(found, ({ id }) => id);
  const known = [...ledger.products.values()].flatMap((record) =>
    checkProduct(record, byId.get(record.id) ?? []),
  );
  const bySku = Map.groupBy(found, ({ sku }) => sku);
  const twice = [...bySku].filter(([, rows]) => new Set(rows.map(({ id }) => id)).size > 1);
  const unknown = found.filter(({ id, sku }) => !ledger.products.has(id) && !ledger.maybeCreated.has(sku));
  return [
    ...known,
    ...twice.map(([sku, rows]): Found => ({
      kind: 'doubled',
      what: `sku ${sku} is there ${rows.length} times`,
    })),
    ...unknown.map(({ id, sku }): Found => ({
      kind: 'wrong',
      what: `product ${id} (${sku}) was never created`,
    })),
  ];
}

function checkProduct(record: ProductRecord, rows: readonly FoundProduct[]): Found[] {
  const [row, ...more] = rows;
  const name = `product ${record.id} (${newestOf(record).sku})`;
  if (!row) return record.deleted === 'no' ? [{ kind: 'missing', what: `${name} is not there` }] : [];
  if (record.deleted === 'yes') return [{ kind: 'resurrected', what: `${name} was deleted and is there` }];
  if (more.length > 0) return [{ kind: 'doubled', what: `${name} is there ${rows.length} times` }];
  return [...checkValues(name, record, row), ...checkOnHand(name, record, row)];
}

function checkValues(name: string, record: ProductRecord, row: FoundProduct): Found[] {
  const newest = newestOf(record);
  const wrong = differing(newest, row);
  if (wrong.length === 0 || (record.maybe && differing(record.maybe, row).length === 0)) return [];
  const words = wrong.map((field) => `${field} ${row[field]} instead of ${newest[field]}`).join(', ');
  const isOlder = record.history.some((older) => wrong.every((field) => older[field] === row[field]));
  return [
    isOlder
      ? { kind: 'stale', what: `${name}: older than the newest acknowledged: ${words}` }
      : { kind: 'wrong', what: `${name}: never acknowledged: ${words}` },
  ];
}

const FIELDS = ['sku', 'name', 'price', 'status', 'categoryId', 'reorderLevel'] as const;

function differing(expected: ProductValues, row: FoundProduct) {
  return FIELDS.filter((field) => expected[field] !== row[field]);
}

function checkOnHand(name: string, { onHand, maybeOnHand }: ProductRecord, row: FoundProduct): Found[] {
  if (row.onHand === null) return [{ kind: 'missing', what: `${name} has no stock` }];
  const off = row.onHand - onHand;
  if (off === 0 || off === maybeOnHand) return [];
  return [{ kind: 'wrong', what: `${name}: ${row.onHand} on hand instead of ${onHand}, off by ${off}` }];
}

function checkMovements(ledger: Ledger, found: readonly Movement[]): Found[] {
  const byReference = Map.groupBy(found, ({ reference }) => reference);
  const known = [...ledger.movements].flatMap(([reference, record]) =>
    checkMovement(record, byReference.get(reference) ?? []),
  );
  const unknown = found.filter(({ reference }) => !ledger.movements.has(reference));
  return [
    ...known,
    ...unknown.map((row): Found => ({ kind: 'wrong', what: `movement ${row.reference} was never sent` })),
  ];
}

function checkMovement({ movement, isCertain }: MovementRecord, rows: readonly Movement[]): Found[] {
  const name = `movement ${movement.reference} of product ${movement.productId}`;
  const [row, ...more] = rows;
  if (!row) return isCertain ? [{ kind: 'missing', what: `${name} is not there` }] : [];
  if (more.length > 0) return [{ kind: 'doubled', what: `${name} is there ${rows.length} times` }];
  const fields = ['productId', 'quantity', 'reason', 'unitPrice'] as const;
  const wrong = fields.filter((field) => row[field] !== movement[field]);
  const words = wrong.map((field) => `${field} ${row[field]} instead of ${movement[field]}`).join(', ');
  return wrong.length === 0 ? [] : [{ kind: 'wrong', what: `${name}: ${words}` }];
}

/** Compares two bags of texts: each must be there as often as it must. */
function checkTexts(name: string, expected: readonly string[], found: readonly string[]): Found[] {
  const times = new Map<string, number>();
  for (const text of expected) times.set(text, (times.get(text) ?? 0) + 1);
  for (const text of found) times.set(text, (times.get(text) ?? 0) - 1);
  return [...times].flatMap(([text, missing]): Found[] => {
    if (missing === 0) return [];
    return [{ kind: missing > 0 ? 'missing' : 'doubled', what: `${name} ${text}` }];
  });
}

function checkOthers(expected: number, found: number): Found[] {
  if (found === expected) return [];
  const what = `${found} movements from before the demo instead of ${expected}`;
  return [{ kind: found < expected ? 'missing' : 'doubled', what }];
}
