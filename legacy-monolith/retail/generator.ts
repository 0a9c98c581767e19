/** Numbers that are the same for the same seed: mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const COLOURS = ['WHITE', 'RED', 'PINK', 'IVORY', 'BLUE', 'VINTAGE'];
const THINGS = ['LANTERN', 'MUG', 'BAG', 'CANDLE HOLDER', 'CLOCK', 'CUSHION, LARGE', 'FRAME "MEMORY"', 'TIN'];
const COUNTRIES = ['United Kingdom', 'France', 'Germany', 'EIRE', 'Norway'];
const FIRST_INVOICE = 536_365;
const LINES_PER_INVOICE = 20;
const START = Date.UTC(2010, 11, 1, 8, 26);

/** Invoice lines of the real file's shape, with each kind of dirt that the real file has. */
export function* generateRetail(lines: number): Generator<string> {
  yield 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n';
  const random = seededRandom(1);
  const products = Math.max(20, Math.min(4_000, Math.floor(lines / 20)));
  for (let line = 0; line < lines; line += 1) {
    const text = invoiceLine(line, products, random);
    yield text;
    if (line % 101 === 100 && line + 1 < lines) {
      line += 1;
      yield text;
    }
  }
}

function invoiceLine(line: number, products: number, random: () => number): string {
  const invoice = Math.floor(line / LINES_PER_INVOICE);
  const kind = invoiceKind(invoice);
  const product = Math.floor(random() ** 2 * products);
  const sold = 1 + Math.floor(random() ** 3 * 48);
  const missing = line % 373 === 5;
  return csvRow([
    `${kind === 'sale' ? '' : kind === 'return' ? 'C' : 'A'}${FIRST_INVOICE + invoice}`,
    kind === 'bad debt' ? 'B' : stockCode(product, line),
    missing ? '' : description(product, line),
    String(kind === 'return' || missing ? -sold : sold),
    new Date(START + invoice * 17 * 60_000).toISOString().slice(0, 19).replace('T', ' '),
    missing ? '0.0' : unitPrice(kind, product, line),
    invoice % 4 === 3 ? '' : `${12_346 + (invoice % 977)}.0`,
    COUNTRIES[invoice % 13 < 9 ? 0 : invoice % 5] ?? '',
  ]);
}

function invoiceKind(invoice: number): 'sale' | 'return' | 'bad debt' {
  if (invoice % 29 === 7) return 'bad debt';
  return invoice % 11 === 10 ? 'return' : 'sale';
}

/** Every thirteenth product is typed in both cases: two codes, and so two products. */
function stockCode(product: number, line: number): string {
  if (product % 13 !== 3) return String(10_000 + product * 7);
  return `${10_000 + product * 7}${line % 5 === 0 ? 'a' : 'A'}`;
}

function description(product: number, line: number): string {
  const name = `${COLOURS[product % COLOURS.length]} ${THINGS[product % THINGS.length]} NO ${product}`;
  return line % 5 === 1 ? ` ${name}  ` : name;
}

function unitPrice(kind: string, product: number, line: number): string {
  if (kind === 'bad debt') return line % 2 === 0 ? '-11062.06' : '11062.06';
  if (line % 1_009 === 11) return '0.001';
  return (((product * 37) % 1_995) / 100 + 0.05).toFixed(2);
}

function csvRow(fields: string[]): string {
  return `${fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`;
}
