import type { SourceTable } from '../database.ts';
import { fitting, ident, literal } from './identifiers.ts';
import { keyExpression, respelled } from './key-text.ts';
import type { Shape } from './shape.ts';
import { hasShape } from './shape.ts';
import { isReplicated } from './slot/slot.ts';
import type { Spelling } from './spelling.ts';
import { inAnyZone, isCanonicalHere, plainly, settingsFor } from './spelling.ts';

const INTO = 'INSERT INTO strangler.change (migration, source, op, key, row)';

/** @param slice the migration that has only a slice of the table; null for one that has all of it */
export function functionName(table: string, slice: string | null = null): string {
  return `strangler.${ident(fitting(`capture ${table}${slice === null ? '' : ` of ${slice}`}`))}`;
}

/** The other one of that name: what it is given instead of a trigger's variables. */
const CAREFUL = '(text, oid, anyelement, anyelement)';

/** Drops a migration's functions for a table, and what of its triggers is left somewhere. */
export function dropCaptureFunctionsSql(table: string, migration: string): string {
  return [functionName(table), functionName(table, migration)]
    .map((name) => `DROP FUNCTION IF EXISTS ${name}() CASCADE; DROP FUNCTION IF EXISTS ${name}${CAREFUL}`)
    .join('; ');
}

/** The row of a change: canonical texts by column. By arrays: a function takes a hundred arguments at most. */
export function rowExpression(
  from: string,
  columns: SourceTable['columns'],
  spell: Spelling = plainly,
): string {
  const texts = columns.map(({ name, kind }) => spell(kind, `${from}.${ident(name)}`));
  return `json_object(${textArray(columns.map(({ name }) => name))}, ARRAY[${texts.join(', ')}])`;
}

/**
 * What a write pays is the number of SQL expressions rather than what is in them: each is prepared anew in each
 * transaction. So the trigger's function asks two questions and writes one row, and knows only a table as it was when
 * the capture was made, in a session that spells values as we do. All else is left to the careful one.
 *
 * A changed key is a delete of the old one and an upsert of the new one.
 */
export function captureFunctionSql(migration: string, table: SourceTable, shape: Shape): string {
  const ours = `current_setting('strangler.origin', true) = ${literal(migration)}`;
  const all = table.columns;
  const name = functionName(table.name, table.slice ? migration : null);
  const isAsExpected = [`(${ours}) IS NOT TRUE`, hasShape(table, shape), isCanonicalHere(all)];
  const insert = (op: string, from: string, columns: SourceTable['columns']): string =>
    `${INTO} VALUES (${common(migration, table, op)},
        ${keyExpression(table, from, inAnyZone)}, ${rowExpression(from, columns, inAnyZone)});`;
  return `
${carefulFunctionSql(migration, table)}
CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$
BEGIN
${skipOthersSql(table)}  -- Asked here and not in the trigger's WHEN, which every statement would have to prepare anew.
  IF TG_OP <> 'TRUNCATE' AND ${isAsExpected.filter(Boolean).join(' AND ')} THEN
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND (${isOtherKey(table, 'OLD', 'NEW')}) IS NOT TRUE THEN
      ${insert('u', 'NEW', all)}
      RETURN NULL;
    END IF;
    ${insert('d', 'OLD', keyOf(table))}
    IF TG_OP = 'UPDATE' THEN
      ${insert('u', 'NEW', all)}
    END IF;
    RETURN NULL;
  END IF;
  IF ${ours} THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'TRUNCATE' THEN
    -- Of a partition. Where the whole table is truncated, its own trigger has said so.
    IF current_setting('strangler.truncating', true) IS DISTINCT FROM ${literal(table.name)} THEN
      PERFORM ${name}(TG_OP, TG_RELID, NULL::text, NULL::text);
    END IF;
  ELSE
    PERFORM ${name}(TG_OP, TG_RELID, OLD, NEW);
  END IF;
  RETURN NULL;
END $capture$;`;
}

/**
 * Captures in any session, and of a table that has become another: the application may drop or rename a column at any
 * time, and must go on writing. What is left of the row is captured then, and whoever applies it sees what is missing.
 * The values are read in a block of their own for that; it writes nothing, so it costs no subtransaction id.
 *
 * It runs with the rights of its caller, so that nobody gains any by calling it.
 */
function carefulFunctionSql(migration: string, table: SourceTable): string {
  const emptying = isReplicated(table) ? INTO.replace('.change', '.emptied') : INTO;
  const empty = `${emptying} SELECT ${common(migration, table, 'd')}, ${keyExpression(table, 't')}, ${rowExpression('t', keyOf(table))} FROM `;
  const read = (name: string, from: string, columns: SourceTable['columns']): string =>
    `${name} := ${keyExpression(table, from)}; ${name}_row := ${rowExpression(from, columns)};`;
  const readLeft = (name: string, from: string, columns: SourceTable['columns']): string =>
    `EXECUTE strangler.what_is_left(${from}, ${textArray(columns.map((column) => column.name))}, ${textArray(table.key)})
        INTO ${name}, ${name}_row USING ${from};`;
  const insert = (op: string, name: string): string =>
    `IF ${name} IS NOT NULL THEN
    ${INTO} VALUES (${common(migration, table, op)}, ${name}, ${name}_row);
  END IF;`;
  return `
CREATE OR REPLACE FUNCTION ${functionName(table.name, table.slice ? migration : null)}(op text, relation oid, before anyelement, after anyelement)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp ${settingsFor(table.columns)} AS $capture$
DECLARE
  gone text; gone_row json;
  there text; there_row json;
BEGIN
  IF op = 'TRUNCATE' THEN
    EXECUTE ${literal(empty)} || relation::regclass || ' t';
    RETURN;
  END IF;
  BEGIN
    IF op = 'DELETE' THEN
      ${read('gone', 'before', keyOf(table))}
    ELSE
      IF op = 'UPDATE' AND (${isOtherKey(table, 'before', 'after')}) THEN
        ${read('gone', 'before', keyOf(table))}
      END IF;
      ${read('there', 'after', table.columns)}
    END IF;
  EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
    IF op <> 'INSERT' THEN
      ${readLeft('gone', 'before', keyOf(table))}
    END IF;
    IF op <> 'DELETE' THEN
      ${readLeft('there', 'after', table.columns)}
    END IF;
    IF gone = there THEN
      gone := NULL;
    END IF;
  END;
  ${insert('d', 'gone')}
  ${insert('u', 'there')}
END $capture$;`;
}

/** A row of another slice is another migration's. One that changes its slice concerns both: it leaves the one, and comes to the other. */
function skipOthersSql({ slice }: SourceTable): string {
  if (!slice) return '';
  const isOther = (row: string): string =>
    `NOT coalesce(${literal(JSON.stringify(slice.values))}::jsonb ? (to_jsonb(${row}) ->> ${literal(slice.column)}), TRUE)`;
  return `  IF TG_OP <> 'TRUNCATE' AND (TG_OP = 'INSERT' OR ${isOther('OLD')}) AND (TG_OP = 'DELETE' OR ${isOther('NEW')}) THEN
    RETURN NULL;
  END IF;
`;
}

const common = (migration: string, table: SourceTable, op: string): string =>
  `${literal(migration)}, ${literal(table.name)}, '${op}'`;

const textArray = (values: readonly string[]): string => `ARRAY[${values.map(literal).join(', ')}]`;

const keyOf = (table: SourceTable): SourceTable['columns'] =>
  table.key.map((name) => table.columns.find((column) => column.name === name)).filter((column) => !!column);

const isOtherKey = (table: SourceTable, before: string, after: string): string =>
  table.columns
    .filter((column) => table.key.includes(column.name))
    .map((column) => respelled(column, before, after))
    .join(' OR ');
