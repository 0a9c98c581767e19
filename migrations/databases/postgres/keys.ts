import type pg from 'pg';
import type { KeyPair } from '../database.ts';
import { query, transaction } from './connect.ts';
import { ident, tableIdent } from './identifiers.ts';
import { raiseIdentities, sequences } from './identities.ts';
import { DROP_UNUSED_SCHEMA } from './schema.ts';

const TYPE = { monolith: 'bigint', service: 'text' } as const;

/** @see Database.findKeys */
export async function findKeys(
  pool: pg.Pool,
  label: string,
  space: string,
  side: keyof KeyPair,
  keys: readonly string[],
): Promise<KeyPair[]> {
  return query<{ monolith: string; service: string }>(
    pool,
    label,
    `SELECT monolith, service FROM strangler.key WHERE space = $1 AND ${side} = ANY ($2::${TYPE[side]}[])`,
    [space, keys],
  );
}

/** @see Database.addKeys */
export async function addKeys(
  pool: pg.Pool,
  label: string,
  space: string,
  pairs: readonly KeyPair[],
): Promise<void> {
  await query(
    pool,
    label,
    `INSERT INTO strangler.key (space, monolith, service)
     SELECT $1, m, s FROM unnest($2::bigint[], $3::text[]) WITH ORDINALITY AS p(m, s, ord) ORDER BY ord
     ON CONFLICT DO NOTHING`,
    [space, pairs.map((pair) => pair.monolith), pairs.map((pair) => pair.service)],
  );
}

/** @see Database.forgetKeys */
export async function forgetKeys(pool: pg.Pool, label: string, spaces: readonly string[]): Promise<number> {
  return transaction(pool, label, 'BEGIN', async (client) => {
    const { rows } = await client.query(`SELECT FROM pg_namespace WHERE nspname = 'strangler'`);
    if (rows.length === 0) return 0;
    const { rowCount } = await client.query('DELETE FROM strangler.key WHERE space = ANY ($1)', [spaces]);
    await client.query(DROP_UNUSED_SCHEMA);
    return rowCount ?? 0;
  });
}

/** @see Database.newNumbers */
export async function newNumbers(
  pool: pg.Pool,
  label: string,
  space: string,
  { table, column }: { table: string; column: string },
  count: number,
): Promise<string[]> {
  const sequence = (await sequences(pool, label, table)).get(column);
  if (sequence !== undefined) {
    // Keys that were written without the sequence may stand above it.
    await raiseIdentities(pool, label, table, new Map());
    const next = `SELECT nextval($1::regclass)::text AS n FROM generate_series(1, $2::integer)`;
    return (await query<{ n: string }>(pool, label, next, [sequence, count])).map((row) => row.n);
  }
  const above = await query<{ n: string }>(
    pool,
    label,
    `SELECT (greatest((SELECT max(${ident(column)}) FROM ${tableIdent(table)}),
       (SELECT max(monolith) FROM strangler.key WHERE space = $1), 0) + i)::text AS n
     FROM generate_series(1, $2::integer) AS i`,
    [space, count],
  );
  return above.map((row) => row.n);
}
