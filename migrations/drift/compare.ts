import { isDeepStrictEqual } from 'node:util';
import { lossesBetween } from '../mapping/losses.ts';
import type { Side } from '../lifecycle/stages.ts';
import type { ColumnShape, KeptShape, Shape, TableShape } from './shape.ts';

/**
 * What a change of the schema does to the sync:
 *
 * | effect        | meaning |
 * | ------------- | ------- |
 * | `stops`       | values would mean something else, or rows could not be told apart: nothing is carried |
 * | `parks`       | rows are refused and kept until it is put right |
 * | `not carried` | a column that the other side knows nothing of |
 * | `risks`       | all is carried, but there may be values now that are refused, and parked |
 */
export type DriftEffect = 'stops' | 'parks' | 'not carried' | 'risks';

/** A table is not what it was when the sync began. */
export interface Drift {
  side: Side;
  table: string;
  /** Null where it is about the whole table. */
  column: string | null;
  effect: DriftEffect;
  message: string;
  advice: string;
}

type Found = Pick<Drift, 'column' | 'effect' | 'message' | 'advice'>;

const ANEW = 'or `rollback` to legacy, change the mapping, and `sync` anew';

/** Says what has changed since the shape was kept. Pure; in the order of the tables and columns. */
export function driftOf({ shape: before, mapped }: KeptShape, now: Shape): Drift[] {
  return (['monolith', 'service'] as const).flatMap((side) =>
    Object.entries(before[side]).flatMap(([table, was]) => {
      const is = now[side][table] ?? null;
      const carried = new Set(mapped[side][table] ?? []);
      return was === null ? [] : ofTable(was, is, carried).map((found) => ({ side, table, ...found }));
    }),
  );
}

/** A drift in words, for a person. */
export const driftInWords = ({ side, table, message }: Drift): string => `${side} table ${table}: ${message}`;

function ofTable(was: TableShape, is: TableShape | null, mapped: ReadonlySet<string>): Found[] {
  if (!is) {
    const advice = `bring it back, ${ANEW}`;
    return [{ column: null, effect: 'stops', message: 'the table is gone', advice }];
  }
  const gone = Object.keys(was.columns).filter((name) => !(name in is.columns));
  const added = Object.keys(is.columns).filter((name) => !(name in was.columns));
  return [
    ...ofKey(was, is, gone),
    ...gone.filter((name) => mapped.has(name)).map((name) => columnGone(name, was, is, added)),
    ...added.flatMap((name) => columnAdded(name, is.columns[name])),
    ...Object.entries(was.columns).flatMap(([name, column]) => {
      const present = is.columns[name];
      return present ? ofColumn(name, column, present, mapped.has(name)) : [];
    }),
    ...newUniques(was, is),
  ];
}

function ofKey(was: TableShape, is: TableShape, gone: readonly string[]): Found[] {
  if (isDeepStrictEqual([...was.key].sort(), [...is.key].sort())) return [];
  const now = is.key.length === 0 ? 'none' : `(${is.key.join(', ')})`;
  const message = `the primary key was (${was.key.join(', ')}) and is ${now}`;
  const renamed = was.key.some((name) => gone.includes(name))
    ? 'give the column its name back'
    : 'put it back';
  return [{ column: null, effect: 'stops', message, advice: `${renamed}, ${ANEW}` }];
}

/** A column of the same type that came at the same time may be the one that went. */
function columnGone(name: string, was: TableShape, is: TableShape, added: readonly string[]): Found {
  const type = was.columns[name]?.type;
  const heirs = added.filter((other) => is.columns[other]?.type === type);
  const guess = heirs.length > 0 ? `; was it renamed to ${heirs.map(quoted).join(' or ')}?` : '';
  return {
    column: name,
    effect: 'parks',
    message: `column ${quoted(name)} is gone${guess}`,
    advice: `put it back or give it its name back, then \`retry\` and \`verify --repair\`; ${ANEW}`,
  };
}

function columnAdded(name: string, column: ColumnShape | undefined): Found[] {
  if (!column || column.generated) return [];
  if (column.needsValue) {
    const message = `column ${quoted(name)} was added, is NOT NULL without a default, and has no counterpart`;
    return [{ column: name, effect: 'parks', message, advice: `give it a default, ${ANEW}` }];
  }
  const message = `column ${quoted(name)} was added and is not carried: it has no counterpart`;
  const advice = `\`rollback\` to legacy and \`sync\` anew with the column; \`gates.addedColumns: allow\` if it may stay behind`;
  return [{ column: name, effect: 'not carried', message, advice }];
}

function ofColumn(name: string, was: ColumnShape, is: ColumnShape, isMapped: boolean): Found[] {
  const found = (effect: DriftEffect, message: string, advice: string): Found[] => [
    { column: name, effect, message: `column ${quoted(name)} ${message}`, advice },
  ];
  if (!isMapped) {
    if (was.needsValue || !is.needsValue) return [];
    return found(
      'parks',
      'is NOT NULL without a default now, and has no counterpart',
      `give it a default, ${ANEW}`,
    );
  }
  if (is.generated && !was.generated) {
    return found(
      'parks',
      'is generated now and cannot be written',
      `make it an ordinary column again, ${ANEW}`,
    );
  }
  return [
    ...ofType(was, is).flatMap(([effect, words, advice]) => found(effect, words, advice)),
    ...ofNulls(found, was, is),
  ];
}

function ofType(was: ColumnShape, is: ColumnShape): [DriftEffect, string, string][] {
  if (isDeepStrictEqual(was.kind, is.kind)) return [];
  const types = `was ${was.type} and is ${is.type}`;
  const [lost, won] = [lossesBetween(was.kind, is.kind), lossesBetween(is.kind, was.kind)];
  if (was.kind.kind !== is.kind.kind || lost === null || won === null) {
    return [['stops', `${types}: its values may mean something else`, `change the type back, ${ANEW}`]];
  }
  const how = lost.length === 0 ? 'was widened' : won.length === 0 ? 'was narrowed' : 'was changed';
  const what = `${how} (${types}): values that a side cannot hold are parked`;
  return [['risks', what, 'change the other side in the same way']];
}

function ofNulls(
  found: (effect: DriftEffect, message: string, advice: string) => Found[],
  was: ColumnShape,
  is: ColumnShape,
): Found[] {
  if (was.nullable === is.nullable) return [];
  const how = is.nullable ? 'takes nulls now' : 'is NOT NULL now';
  return found(
    'risks',
    `${how}: nulls that a side refuses are parked`,
    'change the other side in the same way',
  );
}

function newUniques(was: TableShape, is: TableShape): Found[] {
  const known = was.uniques.map((columns) => columns.join());
  return is.uniques
    .filter((columns) => !known.includes(columns.join()))
    .map((columns) => ({
      ...{ column: null, effect: 'risks' as const },
      message: `(${columns.join(', ')}) is unique now: rows that share a value are parked`,
      advice: 'make it unique on the other side too',
    }));
}

const quoted = (name: string): string => `"${name}"`;
