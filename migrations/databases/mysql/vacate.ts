import { randomBytes } from 'node:crypto';
import type { ColumnInfo, TargetRow, TargetTable } from '../database.ts';
import type { Server, Session } from './connect.ts';
import { uniquesOf } from './describe.ts';
import { ident, tableIdent } from './identifiers.ts';
import { whereKey } from './write-rows.ts';
import { writeExpression } from './values.ts';

/** @see Applier.vacate */
export async function vacate(
  server: Server,
  session: Session,
  target: TargetTable,
  rows: readonly TargetRow[],
): Promise<number> {
  let vacated = 0;
  for (const unique of await uniquesOf(server, target.name)) {
    const chosen = chooseColumn(target, unique);
    if (!chosen) continue;
    for (const [i, row] of rows.entries()) {
      const value = standIn(target, chosen, i + 1);
      const wanted = rows.flatMap((other) =>
        other === row ? [] : [`(${unique.map((name) => isGiven(target, name, other)).join(' AND ')})`],
      );
      if (value === null || wanted.length === 0) continue;
      const [done] = await session.run(
        `UPDATE ${tableIdent(target.name)} SET ${ident(chosen.name)} = ${value}
         WHERE ${whereKey(target, row.values)} AND (${wanted.join(' OR ')})`,
      );
      vacated += done?.affectedRows ?? 0;
    }
  }
  return vacated;
}

/** One column is enough to give up a combination. Null when no column of it can be given up and written again. */
function chooseColumn(target: TargetTable, unique: readonly string[]): ColumnInfo | null {
  const columns = unique.flatMap((name) => target.columns.filter((column) => column.name === name));
  if (columns.length < unique.length) return null;
  const free = columns.filter(({ name }) => !target.key.includes(name));
  return (
    free.find(({ nullable }) => nullable) ??
    free.find((column) => standIn(target, column, 1) !== null) ??
    null
  );
}

function isGiven(target: TargetTable, name: string, row: TargetRow): string {
  const column = target.columns.find((one) => one.name === name);
  return column ? `${ident(name)} = ${writeExpression(column, row.values[name] ?? null)}` : 'FALSE';
}

/** A value that no row has; null where there is none to be found. */
function standIn(target: TargetTable, { name, nullable, kind }: ColumnInfo, n: number): string | null {
  if (nullable) return 'NULL';
  // A table that is updated can be asked for only by way of another one.
  const greatest = `(SELECT m FROM (SELECT MAX(${ident(name)}) AS m FROM ${tableIdent(target.name)}) top)`;
  switch (kind.kind) {
    case 'integer':
    case 'decimal':
    case 'float':
      return `${greatest} + ${n}`;
    case 'date':
    case 'datetime':
    case 'instant':
      return `${greatest} + INTERVAL ${n} DAY`;
    case 'text':
      return `'${randomBytes(16)
        .toString('hex')
        .slice(0, kind.length ?? 32)}'`;
    case 'bytes':
      return `x'${randomBytes(Math.min(16, kind.bytes ?? 16)).toString('hex')}'`;
    default:
      return null;
  }
}
