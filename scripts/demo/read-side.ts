import type pg from 'pg';
import type { FoundProduct, SideState } from './check.ts';
import { connected } from './connected.ts';
import type { Movement, StartingProduct } from './ledger.ts';

/** Begins the references of all movements, and the skus of all products, that the demo makes. */
export const MARK = 'demo-';

/** Each database in its own words, by statements that share nothing with the product. */
const STATEMENTS = {
  monolith: {
    products: `
      SELECT prod_id AS id, stk_cd AS sku, prod_nm AS name, unit_prc::text AS price, cat_id AS "categoryId",
             CASE stat_cd WHEN 'A' THEN 'active' WHEN 'D' THEN 'discontinued' WHEN 'H' THEN 'hidden' END AS status,
             reord_lvl AS "reorderLevel", qty_oh AS "onHand"
        FROM tbl_products`,
    movements: `
      SELECT ref_no AS reference, prod_id AS "productId", qty AS quantity, unit_prc::text AS "unitPrice",
             CASE rsn_cd WHEN 'S' THEN 'sale' WHEN 'R' THEN 'return' WHEN 'A' THEN 'adjustment' END AS reason
        FROM stk_mvmt`,
  },
  service: {
    products: `
      SELECT p.id, p.sku, p.name, (p.price_minor / 100.0)::numeric(20, 2)::text AS price,
             p.category_id AS "categoryId", p.status::text AS status,
             s.reorder_level AS "reorderLevel", s.on_hand AS "onHand"
        FROM product p LEFT JOIN stock_level s ON s.product_id = p.id`,
    movements: `
      SELECT reference, product_id AS "productId", quantity, unit_price::text AS "unitPrice", reason::text AS reason
        FROM stock_movement`,
  },
} as const;

/** Orders of the demo are numbered W<id>; the imported ones have numbers of their own. */
const IS_DEMO = `reference LIKE '${MARK}%'`;
const IS_NIGHTLY = `reference ~ '^W[0-9]+$'`;

const BOOKED = `
  SELECT concat_ws(' ', o.ord_no, l.prod_id, l.qty) AS text
    FROM ord_hdr o JOIN ord_ln l USING (ord_id) WHERE o.stk_bkd = 'Y' AND o.ord_no ~ '^W[0-9]+$'`;

/** What a database holds, for the checker. */
export async function readSide(side: 'monolith' | 'service', url: string): Promise<SideState> {
  const { products, movements } = STATEMENTS[side];
  return reading(url, async (client) => {
    const found = await client.query<FoundProduct>(products);
    const demo = await client.query<Movement>(`SELECT * FROM (${movements}) m WHERE ${IS_DEMO}`);
    const nightly = await client.query<{ text: string }>(
      `SELECT concat_ws(' ', reference, "productId", quantity) AS text FROM (${movements}) m WHERE ${IS_NIGHTLY}`,
    );
    const others = await client.query<{ count: string }>(
      `SELECT count(*) FROM (${movements}) m
        WHERE reference IS NULL OR NOT (${IS_DEMO} OR ${IS_NIGHTLY})`,
    );
    return {
      side,
      products: found.rows,
      movements: demo.rows,
      nightlyMovements: nightly.rows.map(({ text }) => text),
      otherMovements: Number(others.rows[0]?.count),
    };
  });
}

/** What the nightly job has booked, by the orders' own word. */
export function readBooked(monolith: string): Promise<string[]> {
  return reading(monolith, async (client) =>
    (await client.query<{ text: string }>(BOOKED)).rows.map(({ text }) => text),
  );
}

/** The products and the number of movements before the first request. */
export async function readStart(
  monolith: string,
): Promise<{ products: StartingProduct[]; movements: number }> {
  const { products, otherMovements } = await readSide('monolith', monolith);
  return {
    products: products.map((product) => ({ ...product, onHand: product.onHand ?? 0 })),
    movements: otherMovements,
  };
}

/** Everything that the nightly job may write and no client does. */
export interface NightlyRows {
  /** Each product whole, by its id. */
  products: Map<number, string>;
  /** How many movements and orders it has booked. */
  booked: string;
}

export function nightlyRows(monolith: string): Promise<NightlyRows> {
  return reading(monolith, async (client) => {
    const products = await client.query<{ id: number; text: string }>(
      'SELECT prod_id AS id, p::text AS text FROM tbl_products p WHERE prod_id % 10 = 0',
    );
    const booked = await client.query<{ text: string }>(
      `SELECT concat_ws(' ', (SELECT count(*) FROM stk_mvmt WHERE ref_no ~ '^W[0-9]+$'),
                             (SELECT count(*) FROM ord_hdr WHERE stk_bkd = 'Y')) AS text`,
    );
    return {
      products: new Map(products.rows.map(({ id, text }) => [id, text])),
      booked: booked.rows[0]?.text ?? '',
    };
  });
}

/** Runs statements that all see the same moment. */
export function reading<T>(url: string, read: (client: pg.Client) => Promise<T>): Promise<T> {
  return connected(url, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return read(client);
  });
}
