import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { importRetail } from '../import.ts';
import { firstLines } from '../retail/first-lines.ts';
import { generateRetail } from '../retail/generator.ts';
import { createScratchDatabase, rowsOf } from '../testing/scratch-database.ts';

const LINES = 3_000;

interface Line {
  InvoiceNo: string;
  StockCode: string;
  Description: string;
  Quantity: string;
  UnitPrice: string;
  CustomerID: string;
}

const lines = parse([...generateRetail(LINES)].join(''), { columns: true }) as unknown as Line[];
const count = (test: (line: Line) => boolean) => lines.filter(test).length;
const distinct = (read: (line: Line) => string) => new Set(lines.map(read)).size;

describe('the import of invoice lines', () => {
  let scratch: Awaited<ReturnType<typeof createScratchDatabase>>;
  beforeEach(async () => {
    scratch = await createScratchDatabase();
  });
  afterEach(() => scratch.drop());

  const load = () =>
    importRetail({
      databaseUrl: scratch.url,
      source: { name: 'generator', csv: Readable.from(generateRetail(LINES)) },
    });
  const first = async <Row>(sql: string) => (await rowsOf<Row>(scratch.url, sql))[0];

  it('keeps every line as an order line, dirt and all', async () => {
    await load();

    expect(
      await first(`SELECT count(*)::int AS lines, count(*) FILTER (WHERE dsc_txt IS NULL)::int AS nameless,
        count(*) FILTER (WHERE qty < 0)::int AS negative, count(*) FILTER (WHERE unit_prc < 0)::int AS cheap,
        count(*) FILTER (WHERE dsc_txt <> btrim(dsc_txt))::int AS blanks,
        count(*) FILTER (WHERE cust_id IS NULL)::int AS anonymous
        FROM ord_ln JOIN ord_hdr USING (ord_id)`),
    ).toEqual({
      lines: LINES,
      nameless: count((line) => line.Description === ''),
      negative: count((line) => Number(line.Quantity) < 0),
      cheap: count((line) => Number(line.UnitPrice) < 0),
      blanks: count((line) => line.Description !== line.Description.trim()),
      anonymous: count((line) => line.CustomerID === ''),
    });
  });

  it('has a movement for each line, with the quantity and the price of the invoice', async () => {
    await load();

    const movements = await rowsOf<object>(
      scratch.url,
      `SELECT ref_no AS "InvoiceNo", stk_cd AS "StockCode", qty, m.unit_prc::float AS price
         FROM stk_mvmt m JOIN tbl_products USING (prod_id) ORDER BY mvmt_id`,
    );
    expect(movements).toEqual(
      lines.map(({ InvoiceNo, StockCode, Quantity, UnitPrice }) => {
        return { InvoiceNo, StockCode, qty: Number(Quantity), price: Number(UnitPrice) };
      }),
    );
  });

  it('tells stock codes apart that differ only in case', async () => {
    await load();

    const codes = distinct(({ StockCode }) => StockCode);
    const folded = distinct(({ StockCode }) => StockCode.toLowerCase());
    expect(folded).toBeLessThan(codes);
    expect(
      await first(
        `SELECT count(*)::int AS codes, count(DISTINCT lower(stk_cd))::int AS folded FROM tbl_products`,
      ),
    ).toEqual({ codes, folded });
  });

  it('restores the foreign keys and leaves the identities above what it loaded', async () => {
    await load();

    await expect(rowsOf(scratch.url, 'UPDATE ord_ln SET ord_id = 0 WHERE ord_ln_id = 1')).rejects.toThrow(
      /foreign key/,
    );
    const added = await first<{ prod_id: number }>(
      `INSERT INTO tbl_products (stk_cd, unit_prc) VALUES ('new', 1) RETURNING prod_id`,
    );
    expect(added?.prod_id).toBe(distinct(({ StockCode }) => StockCode) + 1);
  });

  it('refuses a shop that holds products, and changes nothing', async () => {
    await load();

    await expect(load()).rejects.toThrow(/the import wants an empty one/);
    expect(await first('SELECT count(*)::int AS n FROM ord_ln')).toEqual({ n: LINES });
  });
});

describe('the generator', () => {
  it('makes each kind of dirt that the real file has', () => {
    expect(lines).toHaveLength(LINES);
    const dirt = {
      duplicates: LINES - distinct((line) => JSON.stringify(line)),
      noDescription: count((line) => line.Description === ''),
      noCustomer: count((line) => line.CustomerID === ''),
      negativeQuantity: count((line) => Number(line.Quantity) < 0),
      negativePrice: count((line) => Number(line.UnitPrice) < 0),
      threeDecimals: count((line) => /\.\d{3}$/.test(line.UnitPrice)),
      blanks: count((line) => line.Description !== line.Description.trim()),
    };
    expect(Object.entries(dirt).filter(([, lines]) => lines === 0)).toEqual([]);
  });
});

describe('the first lines of a CSV', () => {
  it('end after a whole record, wherever the chunks are cut and lines are broken in quotes', async () => {
    const csv = 'h\n"a\nb"\nc\nd\n';
    const chunks = [...csv].map((character) => Buffer.from(character));

    expect(await text(Readable.from(chunks).pipe(firstLines(2)))).toBe('h\n"a\nb"\n');
    expect(await text(Readable.from([Buffer.from(csv)]).pipe(firstLines(9)))).toBe(csv);
  });
});
