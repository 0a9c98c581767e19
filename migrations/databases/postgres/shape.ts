import type pg from 'pg';
import type { SourceTable } from '../database.ts';
import { ident, literal, tableIdent } from './identifiers.ts';

/** What a table's captured columns are when its capture is made, by number. */
export interface Shape {
  relation: string;
  types: readonly string[];
}

/** Tells the shape of a table, in the order of its captured columns. */
export async function shapeOf(client: pg.ClientBase, table: SourceTable): Promise<Shape> {
  const { rows } = await client.query<{ relation: string; types: string }>(
    `SELECT c.oid::text AS relation, json_agg(a.atttypid::text ORDER BY w.ord)::text AS types
     FROM pg_class c CROSS JOIN unnest($2::text[]) WITH ORDINALITY AS w(name, ord)
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = w.name AND NOT a.attisdropped
     WHERE c.oid = to_regclass($1) GROUP BY c.oid`,
    [tableIdent(table.name), table.columns.map((column) => column.name)],
  );
  const [row] = rows;
  return { relation: row?.relation ?? '0', types: row ? (JSON.parse(row.types) as string[]) : [] };
}

/**
 * SQL that says whether a table still has that shape, and costs nothing: the function counts as immutable, so that
 * it is asked when a session plans the expression, and the constant of the type `regclass` makes the session plan anew
 * after whatever happens to the table.
 */
export function hasShape(table: SourceTable, { relation, types }: Shape): string {
  const columns = table.columns.map((column) => `(n).${ident(column.name)}`);
  const look = `SELECT ARRAY[${columns.map((column) => `pg_typeof(${column})::oid`).join(', ')}] = ${literal(`{${types.join()}}`)}::oid[]
    FROM (SELECT NULL::${tableIdent(table.name)} AS n) t`;
  return `strangler.is_still(${literal(relation)}::regclass, ${literal(tableIdent(table.name))}, ${literal(look)})`;
}

/**
 * The parser is asked what the columns are, and not the catalog's rows: a transaction whose snapshot is older than
 * the change of a table would still see them as they were.
 */
export const SHAPE_SQL = `
CREATE OR REPLACE FUNCTION strangler.is_still(relation regclass, name text, look text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  same boolean;
BEGIN
  IF to_regclass(name) IS DISTINCT FROM relation THEN
    RETURN false;
  END IF;
  EXECUTE look INTO same;
  RETURN coalesce(same, false);
EXCEPTION WHEN syntax_error_or_access_rule_violation OR invalid_schema_name THEN
  RETURN false;
END $$;
`;
