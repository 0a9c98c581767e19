import { literal } from './identifiers.ts';
import type { splitTable } from './identifiers.ts';

/**
 * MariaDB fills a table of the catalog by opening tables, and opens only one when schema and name stand in the statement
 * as constants: what is compared with another table's column opens every table of the server. So each table of the
 * catalog that takes part is given the place anew.
 */
export const at = (
  alias: string,
  { schema, name }: Place,
  columns = ['TABLE_SCHEMA', 'TABLE_NAME'],
): string => `${alias}.${columns[0]} = ${literal(schema)} AND ${alias}.${columns[1]} = ${literal(name)}`;

export type Place = ReturnType<typeof splitTable>;
