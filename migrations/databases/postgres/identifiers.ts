import pg from 'pg';

/** Quotes one name. */
export const ident = (name: string): string => pg.escapeIdentifier(name);

/** Quotes a table name that may carry its schema: `shop.products`, or `products` for `public.products`. */
export function tableIdent(table: string): string {
  const { schema, name } = splitTable(table);
  return `${ident(schema)}.${ident(name)}`;
}

export function splitTable(table: string): { schema: string; name: string } {
  const dot = table.indexOf('.');
  return dot < 0
    ? { schema: 'public', name: table }
    : { schema: table.slice(0, dot), name: table.slice(dot + 1) };
}

/** Quotes a constant for statements that take no parameters (trigger bodies). */
export const literal = (value: string): string => pg.escapeLiteral(value);
