import type { Demand, TargetTable } from '../database.ts';
import { ident, literal, tableIdent } from './identifiers.ts';

/** Limits a statement to the rows that are the entry's business; empty where all are. */
export const onlyOurs = ({ only = [] }: Pick<TargetTable, 'only'>): string =>
  only.map((demand) => ` AND ${demandSql(demand)}`).join('');

function demandSql({ column, not, values }: Demand): string {
  const text = `t.${ident(column)}::text`;
  const texts = [...values].filter((value) => value !== null).map(literal);
  const among = [
    ...(texts.length > 0 ? [`coalesce(${text} IN (${texts.join(', ')}), false)`] : []),
    ...(values.has(null) ? [`${text} IS NULL`] : []),
  ].join(' OR ');
  return not ? `NOT (${among})` : `(${among})`;
}

/** What a part leaves behind when it is deleted; null when it fills nothing. */
export function clearingSql(target: TargetTable): string | null {
  const cleared = target.columns.filter(({ name }) => target.clears?.includes(name));
  if (cleared.length === 0) return null;
  return cleared.map(({ name, nullable }) => `${ident(name)} = ${nullable ? 'NULL' : 'DEFAULT'}`).join(', ');
}

/** Takes away all that the entry has brought; null when that is nothing. */
export function clearSql(target: TargetTable): string | null {
  const ours = `WHERE true${onlyOurs(target)}`;
  if (!target.part) return `DELETE FROM ${tableIdent(target.name)} t ${ours}`;
  const cleared = clearingSql(target);
  return cleared === null ? null : `UPDATE ${tableIdent(target.name)} t SET ${cleared} ${ours}`;
}
