import type { ColumnInfo, Text } from '../database.ts';
import { at } from './catalog.ts';
import type { Place } from './catalog.ts';
import { declaredType, kindOf } from './kinds.ts';

/** MariaDB alone says which table a check belongs to. */
export const columnsSql = (place: Place): string => `
SELECT c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, c.CHARACTER_MAXIMUM_LENGTH, c.CHARACTER_OCTET_LENGTH,
  c.NUMERIC_PRECISION, c.NUMERIC_SCALE, c.DATETIME_PRECISION, c.COLLATION_NAME, c.IS_NULLABLE, c.COLUMN_DEFAULT,
  c.EXTRA, c.GENERATION_EXPRESSION,
  0 /*M! + (SELECT COUNT(*) FROM information_schema.CHECK_CONSTRAINTS k
    WHERE ${at('k', place, ['CONSTRAINT_SCHEMA', 'TABLE_NAME'])}
      AND k.CHECK_CLAUSE = CONCAT('json_valid(\`', c.COLUMN_NAME, '\`)')) */,
  VERSION() LIKE '%MariaDB%'
FROM information_schema.COLUMNS c WHERE ${at('c', place)} ORDER BY c.ORDINAL_POSITION`;

/**
 * A row of `columnsSql`. MySQL and MariaDB spell the same column in two ways; what comes out is the same, so that neither a
 * mapping between the two nor a move from one to the other looks like a change of the schema.
 */
export function columnInfo(row: readonly Text[]): ColumnInfo {
  const [
    name,
    data,
    full,
    characters,
    bytes,
    precision,
    scale,
    fraction,
    collation,
    nullable,
    initial,
    extra,
    generation,
    checks,
    isMariaDb,
  ] = row;
  const number = (text: Text = null): number | null => (text === null ? null : Number(text));
  const type = full ?? '';
  const isJson = checks !== '0';
  return {
    name: name ?? '',
    type: isJson ? 'json' : declaredType(type),
    kind: kindOf({
      data: data ?? '',
      full: type,
      characters: number(characters),
      bytes: number(bytes),
      precision: number(precision),
      scale: number(scale),
      fraction: number(fraction),
      collation: collation ?? null,
      isJson,
    }),
    castType: type,
    nullable: nullable === 'YES',
    hasDefault:
      isDefault(initial ?? null, isMariaDb === '1') || /auto_increment|DEFAULT_GENERATED/i.test(extra ?? ''),
    generated: Boolean(generation) || /(VIRTUAL|STORED) GENERATED/i.test(extra ?? ''),
  };
}

/**
 * MariaDB writes SQL: constants in quotes, and the NULL that every nullable column has. MySQL writes the bare text, which
 * may be the word NULL, and nothing where there is none.
 */
const isDefault = (text: Text, isMariaDb: boolean): boolean =>
  text !== null && !(isMariaDb && text === 'NULL');
