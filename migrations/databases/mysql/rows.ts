import type {
  AppliedKey,
  AppliedRow,
  ColumnInfo,
  FoundRow,
  Row,
  SourceRow,
  SourceTable,
  TargetTable,
} from '../database.ts';
import { isOlder, toMark } from './marks.ts';
import type { Mark } from './marks.ts';
import { query } from './connect.ts';
import type { Server } from './connect.ts';
import { hashExpression, ident, keyHash, keyText, literal, tableIdent } from './identifiers.ts';
import { canonicalRow, readExpression, UnstorableValueError, writeExpression } from './values.ts';

const KEYS = 500;

/**
 * Rows and their versions come from one statement each, for a statement has one read view.
 *
 * @see Database.readChunk
 */
export async function readChunk(
  server: Server,
  migration: string,
  table: SourceTable,
  after: Row | null,
  limit: number,
): Promise<SourceRow[]> {
  const keys = keyColumns(table);
  const texts = keys.map((column) => readExpression(column, 't'));
  const rows = await query(
    server,
    `SELECT ${table.columns.map((column) => readExpression(column, 't')).join(', ')},
       COALESCE((SELECT MAX(c.id) FROM strangler_change c WHERE c.migration = ${literal(migration)}
         AND c.source = ${literal(table.name)} AND c.key_hash = ${hashExpression(texts)}), 0)
     FROM ${tableIdent(table.name)} t ${after ? `WHERE ${behind(keys, after)}` : ''}
     ORDER BY ${keys.map((column) => `t.${ident(column.name)}`).join(', ')} LIMIT ${Math.floor(limit)}`,
  );
  return rows.map((read) => {
    const row = canonicalRow(table.columns, read);
    return { key: keyOf(keys, row), version: read.at(-1) ?? '0', row };
  });
}

/** `(a, b) > (1, 2)`, spelled so that the index is used, and in the order of the columns' own collations. */
function behind(keys: readonly ColumnInfo[], after: Row): string {
  const parts = keys.map((column) => ({
    name: `t.${ident(column.name)}`,
    value: writeExpression(column, after[column.name] ?? null),
  }));
  const greater = parts.map(({ name, value }, i) => {
    const same = parts.slice(0, i).map((part) => `${part.name} = ${part.value} AND `);
    return `(${same.join('')}${name} > ${value})`;
  });
  const [first] = parts;
  return `${first?.name} >= ${first?.value} AND (${greater.join(' OR ')})`;
}

/** @see Database.readRows */
export async function readRows(
  server: Server,
  migration: string,
  table: SourceTable,
  keys: readonly Row[],
): Promise<FoundRow[]> {
  const columns = keyColumns(table);
  const ofTable = `c.migration = ${literal(migration)} AND c.source = ${literal(table.name)}`;
  const found = new Map<string, Row>();
  const versions = new Map<string, string>();
  for (const some of pieces(keys)) {
    const hashes = some.map((key) => keyHash(keyOf(columns, key)));
    const rows = await query(
      server,
      `SELECT LOWER(HEX(c.key_hash)), MAX(c.id)${', NULL'.repeat(table.columns.length)}
       FROM strangler_change c WHERE ${ofTable} AND c.key_hash IN (${hashes.join(', ')}) GROUP BY c.key_hash
       UNION ALL SELECT NULL, NULL, ${textsOf(table)} FROM ${tableIdent(table.name)} t WHERE ${anyOf(columns, some)}`,
    );
    for (const [hash, version, ...read] of rows) {
      if (hash) {
        versions.set(`x'${hash}'`, version ?? '0');
        continue;
      }
      const row = canonicalRow(table.columns, read);
      found.set(meaningOf(columns, row), row);
    }
  }
  return keys.map((wanted) => {
    const row = found.get(meaningOf(columns, wanted)) ?? null;
    const key = keyOf(columns, row ?? wanted);
    return { key, version: versions.get(keyHash(key)) ?? '0', row };
  });
}

/** @see Database.readApplied */
export async function readApplied(
  server: Server,
  migration: string,
  target: TargetTable,
  keys: readonly AppliedKey[],
): Promise<AppliedRow[]> {
  const columns = keyColumns(target);
  const found = new Map<string, Row>();
  const marks = new Map<string, Mark>();
  for (const some of pieces(keys)) {
    const hashes = [keyHash(''), ...some.map(({ sourceKey }) => keyHash(sourceKey))];
    const wanted = some.map(({ key }) => key);
    const rows = await query(
      server,
      `SELECT LOWER(HEX(key_hash)), epoch, version, deleted${', NULL'.repeat(target.columns.length)}
       FROM strangler_mark WHERE migration = ${literal(migration)} AND entry = ${literal(target.entry)}
         AND key_hash IN (${hashes.join(', ')})
       UNION ALL SELECT NULL, NULL, NULL, NULL, ${textsOf(target)} FROM ${tableIdent(target.name)} t
         WHERE ${anyOf(columns, wanted)}`,
    );
    for (const [hash, epoch = null, version = null, deleted = null, ...read] of rows) {
      if (hash) {
        marks.set(`x'${hash}'`, toMark([epoch, version, deleted]));
        continue;
      }
      const row = canonicalRow(target.columns, read);
      found.set(meaningOf(columns, row), row);
    }
  }
  const truncated = marks.get(keyHash(''));
  return keys.map(({ sourceKey, key }) => {
    const mark = marks.get(keyHash(sourceKey));
    const newest = mark && truncated && isOlder(mark, truncated) ? truncated : (mark ?? truncated);
    return { sourceKey, row: found.get(meaningOf(columns, key)) ?? null, mark: newest ?? null };
  });
}

type Columns = Pick<SourceTable, 'key' | 'columns'>;

const keyColumns = ({ key, columns }: Columns): ColumnInfo[] =>
  key.flatMap((name) => columns.filter((column) => column.name === name));

const textsOf = ({ columns }: Columns): string =>
  columns.map((column) => readExpression(column, 't')).join(', ');

const keyOf = (keys: readonly ColumnInfo[], row: Row): string =>
  keyText(keys.map((column) => row[column.name] ?? ''));

/** Texts that mean the same key have the same meaning: 1.5 and 1.50, but not `a` and `A`. */
const meaningOf = (keys: readonly ColumnInfo[], row: Row): string =>
  JSON.stringify(
    keys.map(({ name, kind }) => {
      const text = row[name] ?? null;
      return kind.kind === 'decimal' && text?.includes('.') ? text.replace(/\.?0+$/, '') : text;
    }),
  );

/** What cannot be a key here is not there. */
function anyOf(keys: readonly ColumnInfo[], rows: readonly Row[]): string {
  const any = rows.flatMap((row) => {
    try {
      const same = keys.map(
        (column) => `t.${ident(column.name)} = ${writeExpression(column, row[column.name] ?? null)}`,
      );
      return [`(${same.join(' AND ')})`];
    } catch (error) {
      if (error instanceof UnstorableValueError) return [];
      throw error;
    }
  });
  return any.length > 0 ? any.join(' OR ') : 'FALSE';
}

function* pieces<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += KEYS) yield all.slice(i, i + KEYS);
}
