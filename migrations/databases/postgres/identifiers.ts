import { createHash } from 'node:crypto';
import pg from 'pg';

/** Quotes one name. */
export const ident = (name: string): string => pg.escapeIdentifier(name);

/** What is longer is cut by the server without a word, and two names may become one. In bytes. */
const LONGEST = 63;

/** A name of ours that is made from others: when it is too long, its end is a hash of the whole. */
export function fitting(name: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= LONGEST) return name;
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  // Half a character at the end becomes a mark of replacement, which takes more room than it had.
  const start = bytes
    .subarray(0, LONGEST - hash.length - 3)
    .toString()
    .replace(/\uFFFD+$/, '');
  return `${start} ${hash}`;
}

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
