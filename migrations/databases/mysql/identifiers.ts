import { createHash } from 'node:crypto';
import { escape } from 'mysql2';

/** Quotes one name. */
export const ident = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** Quotes a constant. Sessions and triggers of ours take a backslash for an escape (see `SESSION` in connect.ts). */
export const literal = (value: string): string => escape(value);

/** A table's database and name: `crm.person`, or `person` for the database of the URL. */
export function splitTable(table: string, database: string): { schema: string; name: string } {
  const dot = table.indexOf('.');
  return dot < 0
    ? { schema: database, name: table }
    : { schema: table.slice(0, dot), name: table.slice(dot + 1) };
}

/** Quotes a table name that may carry its database. Others are of the session's, or in a trigger of the trigger's. */
export const tableIdent = (table: string): string => table.split('.', 2).map(ident).join('.');

/** The text form of a key everywhere: a JSON array of texts, spelled as PostgreSQL does. */
export const keyText = (texts: readonly string[]): string =>
  `[${texts.map((text) => JSON.stringify(text)).join(', ')}]`;

/**
 * Index entries are at most 3072 bytes long, so keys of any length are found by their SHA-256. What is hashed is each
 * text behind its length in bytes: the same here and in `hashExpression`.
 */
export function keyHash(key: string): string {
  const texts = key === '' ? [] : (JSON.parse(key) as string[]);
  const spelled = texts.map((text) => `${Buffer.byteLength(text)}:${text}`).join('');
  return `x'${createHash('sha256').update(spelled).digest('hex')}'`;
}

/** `keyHash` in SQL, of expressions for the texts. */
export const hashExpression = (texts: readonly string[]): string =>
  `UNHEX(SHA2(CONCAT(${texts.map((text) => `LENGTH(${text}), ':', ${text}`).join(', ')}), 256))`;
