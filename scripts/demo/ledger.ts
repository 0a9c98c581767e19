/** What a client can set of a product, as the public contract writes it. */
export interface ProductValues {
  sku: string;
  name: string | null;
  price: string;
  status: string;
  categoryId: number | null;
  reorderLevel: number | null;
}

export interface Movement {
  /** Unique: the ledger recognises a movement by it. */
  reference: string;
  productId: number;
  quantity: number;
  reason: 'sale' | 'return' | 'adjustment';
  unitPrice: string | null;
}

/** A product as the nightly job says that it left it. */
export interface NightlyWrite {
  prodId: number;
  unitPrc: string;
  qtyOh: number;
}

export interface StartingProduct extends ProductValues {
  id: number;
  onHand: number;
}

export interface ProductRecord {
  id: number;
  /** Every acknowledged state in the order of acknowledgement; the last one counts. */
  history: ProductValues[];
  /** A state that was sent and never answered. */
  maybe: ProductValues | null;
  deleted: 'no' | 'maybe' | 'yes';
  /** At the start, and with every acknowledged movement since. */
  onHand: number;
  /** What a movement without an answer may have added. */
  maybeOnHand: number;
}

export interface MovementRecord {
  movement: Movement;
  isCertain: boolean;
}

/**
 * What the shop has acknowledged, kept apart from the shop. Each product is written by one client at a time, so
 * the order of acknowledgements is the order of the writes. A write without an answer may or may not have
 * happened; whoever sent it must not write that product again.
 */
export class Ledger {
  readonly products = new Map<number, ProductRecord>();
  readonly movements = new Map<string, MovementRecord>();
  /** Creations without an answer, by sku. */
  readonly maybeCreated = new Map<string, ProductValues>();
  /** Movements that were there before; nobody writes them. */
  readonly movementsAtStart: number;
  acknowledged = 0;
  #nightly = new Map<number, NightlyWrite>();

  constructor(products: Iterable<StartingProduct>, movementsAtStart: number) {
    this.movementsAtStart = movementsAtStart;
    for (const { id, onHand, ...values } of products) this.products.set(id, recordOf(id, values, onHand));
  }

  /** The newest acknowledged state of a product. */
  newest(id: number): ProductValues {
    return newestOf(this.#record(id));
  }

  onHand(id: number): number {
    return this.#record(id).onHand;
  }

  created(id: number, values: ProductValues): void {
    this.acknowledged += 1;
    this.products.set(id, recordOf(id, values, 0));
    const nightly = this.#nightly.get(id);
    if (nightly) this.#overwrite(nightly);
  }

  maybeCreate(values: ProductValues): void {
    this.maybeCreated.set(values.sku, values);
  }

  changed(id: number, values: ProductValues): void {
    this.acknowledged += 1;
    this.#record(id).history.push(values);
  }

  maybeChange(id: number, values: ProductValues): void {
    this.#record(id).maybe = values;
  }

  deleted(id: number): void {
    this.acknowledged += 1;
    this.#record(id).deleted = 'yes';
  }

  maybeDelete(id: number): void {
    this.#record(id).deleted = 'maybe';
  }

  moved(movement: Movement): void {
    this.acknowledged += 1;
    this.movements.set(movement.reference, { movement, isCertain: true });
    this.#record(movement.productId).onHand += changeOfStock(movement);
  }

  maybeMove(movement: Movement): void {
    this.movements.set(movement.reference, { movement, isCertain: false });
    this.#record(movement.productId).maybeOnHand = changeOfStock(movement);
  }

  /** The job's word about products that no client writes after their creation. */
  nightly(written: readonly NightlyWrite[]): void {
    for (const write of written) {
      this.#nightly.set(write.prodId, write);
      this.#overwrite(write);
    }
  }

  #overwrite({ prodId, unitPrc, qtyOh }: NightlyWrite): void {
    const record = this.products.get(prodId);
    if (!record) return; // its creation was not answered, or not yet
    record.history.push({ ...newestOf(record), price: unitPrc });
    record.onHand = qtyOh;
  }

  #record(id: number): ProductRecord {
    const record = this.products.get(id);
    if (!record) throw new Error(`the ledger knows no product ${id}`);
    return record;
  }
}

/** The newest acknowledged state. */
export function newestOf({ id, history }: ProductRecord): ProductValues {
  const newest = history.at(-1);
  if (!newest) throw new Error(`product ${id} has no acknowledged state`);
  return newest;
}

/** Sales and returns carry the invoice's own sign, so they leave the stock. */
function changeOfStock({ reason, quantity }: Movement): number {
  return reason === 'adjustment' ? quantity : -quantity;
}

function recordOf(id: number, values: ProductValues, onHand: number): ProductRecord {
  return { id, history: [values], maybe: null, deleted: 'no', onHand, maybeOnHand: 0 };
}
