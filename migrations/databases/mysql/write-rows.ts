import type { ColumnInfo, Row, TargetRow, TargetTable } from '../database.ts';
import { DatabaseError, ForeignRowError, PartWithoutRowError } from '../errors.ts';
import type { Session } from './connect.ts';
import { clearingSql, onlyOurs } from './parts-sql.ts';
import { ident, tableIdent } from './identifiers.ts';
import { UnstorableValueError, writeExpression } from './values.ts';

/** Of one INSERT or look; and of so many UPDATEs or DELETEs that are sent together. */
const ROWS = 500;
const BYTES = 1 << 20;

/** The server stored something else than it was given, and said so with no more than a warning. */
class AlteredValueError extends DatabaseError {
  override name = 'AlteredValueError';
}

/**
 * Writes whole rows: what has the key already is updated, the rest inserted. Each by its key alone: REPLACE, or an
 * update on whatever key is double, would take another row that happens to have the same unique value.
 */
export async function writeRows(
  session: Session,
  target: TargetTable,
  rows: readonly TargetRow[],
): Promise<void> {
  const missing: TargetRow[] = [];
  for (const some of inPieces(session, rows, (row) => updateSql(target, row))) {
    const isKnown = target.part || (await anyExists(session, target, some.rows));
    if (!isKnown) {
      missing.push(...some.rows);
      continue;
    }
    const results = await write(session, some.statements.join(';\n'));
    missing.push(...some.rows.filter((_, i) => results[i]?.affectedRows === 0));
  }
  if (missing.length === 0) return;
  if (target.part) throw new PartWithoutRowError(target);
  if (target.only) await refuseForeign(session, target, missing);
  const names = target.columns.map((column) => ident(column.name)).join(', ');
  for (const some of inPieces(session, missing, (row) => valuesOf(target, row))) {
    await write(
      session,
      `INSERT INTO ${tableIdent(target.name)} (${names}) VALUES ${some.statements.join(',\n')}`,
    );
  }
}

/**
 * Deletes the rows with these keys, as far as they are there; of a part, only what it brought to them. Each by its key: a
 * statement for many of a small table reads all of it, and waits for the rows that a refused writer still has locked.
 */
export async function deleteRows(
  session: Session,
  target: TargetTable,
  rows: readonly TargetRow[],
): Promise<void> {
  const cleared = clearingSql(target);
  if (target.part && cleared === null) return;
  const table = tableIdent(target.name);
  const verb = target.part ? `UPDATE ${table} SET ${cleared}` : `DELETE FROM ${table}`;
  const only = onlyOurs(target);
  const sqlOf = (row: TargetRow): string => `${verb} WHERE ${whereKey(target, row.values)}${only}`;
  for (const some of inPieces(session, rows, sqlOf)) await session.run(some.statements.join(';\n'));
}

/** What is there and was not updated is not ours. */
async function refuseForeign(
  session: Session,
  target: TargetTable,
  missing: readonly TargetRow[],
): Promise<void> {
  for (const some of inPieces(session, missing, (row) => whereKey(target, row.values))) {
    if (await anyExists(session, target, some.rows)) throw new ForeignRowError(target);
  }
}

async function anyExists(
  session: Session,
  target: TargetTable,
  rows: readonly TargetRow[],
): Promise<boolean> {
  const any = rows.map((row) => whereKey(target, row.values)).join(' OR ');
  return (await session.rows(`SELECT 1 FROM ${tableIdent(target.name)} WHERE ${any} LIMIT 1`)).length > 0;
}

/** Counted as affected are rows that were found, whether or not they had the values already (`FOUND_ROWS`). */
function updateSql(target: TargetTable, row: TargetRow): string {
  const others = target.columns.filter((column) => !target.key.includes(column.name));
  // Nothing to set but the key: only whether the row is there is asked.
  const set = (others.length > 0 ? others : keyColumns(target)).map(
    (column) => `${ident(column.name)} = ${writeExpression(column, row.values[column.name] ?? null)}`,
  );
  return `UPDATE ${tableIdent(target.name)} SET ${set.join(', ')} WHERE ${whereKey(target, row.values)}${onlyOurs(target)}`;
}

const valuesOf = (target: TargetTable, row: TargetRow): string =>
  `(${target.columns.map((column) => writeExpression(column, row.values[column.name] ?? null)).join(', ')})`;

/**
 * Where the collation takes different texts for equal, the bytes decide: a row that only looks the same is another one,
 * and that there is no place for both is then said by the insert.
 */
export function whereKey(target: TargetTable, values: Row): string {
  const same = keyColumns(target).map((column) => {
    const [name, value] = [ident(column.name), writeExpression(column, values[column.name] ?? null)];
    const isLoose = column.kind.kind === 'text' && column.kind.loose;
    return isLoose ? `${name} = ${value} AND ${bytesOf(name)} = ${bytesOf(value)}` : `${name} = ${value}`;
  });
  return `(${same.join(' AND ')})`;
}

const bytesOf = (text: string): string => `CAST(CONVERT(${text} USING utf8mb4) AS BINARY)`;

const keyColumns = (target: TargetTable): ColumnInfo[] =>
  target.columns.filter((column) => target.key.includes(column.name));

interface Piece {
  rows: TargetRow[];
  statements: string[];
}

/** Puts rows together with their SQL, as many as go well in one packet. */
function* inPieces(
  session: Session,
  rows: readonly TargetRow[],
  sqlOf: (row: TargetRow) => string,
): Generator<Piece> {
  const limit = Math.min(BYTES, session.maxPacket / 2);
  let piece: Piece = { rows: [], statements: [] };
  let size = 0;
  for (const row of rows) {
    const sql = sqlOf(row);
    const bytes = Buffer.byteLength(sql);
    // The server would answer by closing the connection.
    if (bytes > session.maxPacket - 1024) {
      throw new UnstorableValueError(
        'of the whole row',
        row.sourceKey,
        `with ${bytes} bytes it is longer than max_allowed_packet (${session.maxPacket})`,
      );
    }
    if (piece.rows.length === ROWS || (piece.rows.length > 0 && size + bytes > limit)) {
      yield piece;
      piece = { rows: [], statements: [] };
      size = 0;
    }
    piece.rows.push(row);
    piece.statements.push(sql);
    size += bytes;
  }
  if (piece.rows.length > 0) yield piece;
}

/** Of a value that was cut, rounded or bent: out of range, data truncated, incorrect value. */
const ALTERED: ReadonlySet<string | null | undefined> = new Set([
  '1264',
  '1265',
  '1292',
  '1366',
  '1406',
  '1411',
]);

/** Strict mode makes errors of most that alters a value; the rest are warnings, and no less wrong. */
async function write(session: Session, sql: string): ReturnType<Session['run']> {
  const results = await session.run(sql);
  if (results.every((result) => result.warningStatus === 0)) return results;
  // Only the last statement's can be asked for. Of several, each is tried by itself then.
  const warnings = await session.rows('SHOW WARNINGS');
  const altered = warnings.find(([, code]) => ALTERED.has(code));
  if (altered) throw new AlteredValueError(altered[2] ?? '');
  if (results.length > 1) throw new AlteredValueError('a value of one of several rows was altered');
  return results;
}
