import type pg from 'pg';
import type { Databases } from './surroundings.ts';
import { reading } from './read-side.ts';

export interface Comparison {
  rows: number;
  differences: number;
  /** The first few, in words. */
  examples: string[];
}

/** A pair of tables: key and every column that both must have, as one text. Written without the product's mapping. */
interface Pair {
  name: string;
  monolith: string;
  service: string;
}

const micros = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::numeric(20, 0)`;
const minor = (column: string) => `(${column} * 100)::numeric(20, 0)`;
const word = (column: string, words: Record<string, string>) =>
  `CASE ${column} ${Object.entries(words)
    .map(([code, name]) => `WHEN '${code}' THEN '${name}'`)
    .join(' ')} END`;
const row = (key: string, table: string, ...columns: string[]) =>
  `SELECT ${key}::bigint AS key, jsonb_build_array(${columns.join(', ')})::text AS row FROM ${table}`;

const STATUS = word('stat_cd', { A: 'active', D: 'discontinued', H: 'hidden' });
const REASON = word('rsn_cd', { S: 'sale', R: 'return', A: 'adjustment' });

const PAIRS: readonly Pair[] = [
  {
    name: 'prod_cat ↔ category',
    monolith: row('cat_id', 'prod_cat', 'cat_nm', 'parnt_id'),
    service: row('id', 'category', 'name', 'parent_id'),
  },
  {
    name: 'tbl_products ↔ product',
    monolith: row(
      'prod_id',
      'tbl_products',
      'stk_cd',
      'prod_nm',
      'cat_id',
      minor('unit_prc'),
      STATUS,
      micros('crt_dt'),
      micros('upd_dt'),
    ),
    service: row(
      'id',
      'product',
      'sku',
      'name',
      'category_id',
      'price_minor::numeric(20, 0)',
      'status',
      micros('created_at'),
      micros('updated_at'),
    ),
  },
  {
    name: 'tbl_products ↔ stock_level',
    monolith: row('prod_id', 'tbl_products', 'qty_oh', 'reord_lvl'),
    service: row('product_id', 'stock_level', 'on_hand', 'reorder_level'),
  },
  {
    name: 'stk_mvmt ↔ stock_movement',
    monolith: row('mvmt_id', 'stk_mvmt', 'prod_id', 'qty', REASON, 'unit_prc', 'ref_no', micros('mvmt_dt')),
    service: row(
      'id',
      'stock_movement',
      'product_id',
      'quantity',
      'reason',
      'unit_price',
      'reference',
      micros('moved_at'),
    ),
  },
];

const BLOCK = 1000;
const SHOWN = 10;

/** Compares both databases completely: digests of blocks first, then the rows of the blocks that differ. */
export async function compareSides({ monolith, service }: Databases): Promise<Comparison> {
  return reading(monolith, (left) =>
    reading(service, async (right) => {
      const total: Comparison = { rows: 0, differences: 0, examples: [] };
      for (const pair of PAIRS) {
        const found = await comparePair(pair, left, right);
        total.rows += found.rows;
        total.differences += found.differences;
        total.examples.push(...found.examples);
      }
      return { ...total, examples: total.examples.slice(0, SHOWN) };
    }),
  );
}

async function comparePair(pair: Pair, left: pg.Client, right: pg.Client): Promise<Comparison> {
  const [ours, theirs] = await Promise.all([digests(left, pair.monolith), digests(right, pair.service)]);
  const blocks = [...new Set([...ours.keys(), ...theirs.keys()])];
  const differing = blocks.filter((block) => ours.get(block)?.digest !== theirs.get(block)?.digest);
  const examples: string[] = [];
  for (const block of differing) {
    const [here, there] = await Promise.all([
      rowsOf(left, pair.monolith, block),
      rowsOf(right, pair.service, block),
    ]);
    examples.push(...differencesOf(pair.name, here, there));
  }
  const rows = blocks.reduce((sum, block) => sum + (ours.get(block)?.rows ?? 0), 0);
  return { rows, differences: examples.length, examples: examples.slice(0, SHOWN) };
}

/** What differs between two sets of rows by key, in words. */
export function differencesOf(
  name: string,
  here: ReadonlyMap<string, string>,
  there: ReadonlyMap<string, string>,
): string[] {
  const keys = new Set([...here.keys(), ...there.keys()]);
  return [...keys]
    .filter((key) => here.get(key) !== there.get(key))
    .map(
      (key) =>
        `${name} ${key}: monolith ${here.get(key) ?? 'has none'}, service ${there.get(key) ?? 'has none'}`,
    );
}

async function digests(client: pg.Client, rows: string) {
  const found = await client.query<{ block: string; rows: string; digest: string }>(
    `SELECT key / ${BLOCK} AS block, count(*) AS rows, md5(string_agg(key || row, ',' ORDER BY key)) AS digest
       FROM (${rows}) r GROUP BY 1`,
  );
  return new Map(
    found.rows.map(({ block, rows: count, digest }) => [block, { rows: Number(count), digest }]),
  );
}

async function rowsOf(client: pg.Client, rows: string, block: string): Promise<Map<string, string>> {
  const found = await client.query<{ key: string; row: string }>(
    `SELECT key, row FROM (${rows}) r WHERE key / ${BLOCK} = $1 ORDER BY key`,
    [block],
  );
  return new Map(found.rows.map(({ key, row: text }) => [key, text]));
}
