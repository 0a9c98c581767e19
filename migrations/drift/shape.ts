import type { Database, TableInfo } from '../databases/database.ts';
import { UnknownTableError } from '../databases/errors.ts';
import type { Kind } from '../databases/kind.ts';
import type { Ground, SyncedCapability } from '../lifecycle/capability.ts';
import type { Side } from '../lifecycle/stages.ts';

/** What the tables of a migration look like, as far as the sync depends on it. */
export type Shape = Readonly<Record<Side, Readonly<Record<string, TableShape | null>>>>;

/** Null where there is no such table. */
export interface TableShape {
  columns: Readonly<Record<string, ColumnShape>>;
  key: readonly string[];
  uniques: readonly (readonly string[])[];
}

export interface ColumnShape {
  type: string;
  kind: Kind;
  nullable: boolean;
  generated: boolean;
  /** Who inserts a row has to give a value. */
  needsValue: boolean;
}

/** A shape with what of it the sync carries: by side and table, the columns. */
export interface KeptShape {
  shape: Shape;
  mapped: Readonly<Record<Side, Readonly<Record<string, readonly string[]>>>>;
}

/** Reads both catalogs as they are now. */
export async function readShape({ databases, tables }: Ground): Promise<Shape> {
  const [monolith, service] = await Promise.all([
    readSide(databases.monolith, tables.monolith),
    readSide(databases.service, tables.service),
  ]);
  return { monolith, service };
}

/** The shape that a sync stands on, to be kept for as long as it lasts. */
export async function shapeToKeep(synced: SyncedCapability): Promise<KeptShape> {
  const { toService, toMonolith } = synced.mapping;
  const columnsOf = ({ captured }: typeof toService): Record<string, readonly string[]> =>
    Object.fromEntries(captured.map(({ name, columns }) => [name, columns.map((column) => column.name)]));
  return {
    shape: await readShape(synced),
    mapped: { monolith: columnsOf(toService), service: columnsOf(toMonolith) },
  };
}

async function readSide(
  database: Database,
  tables: readonly string[],
): Promise<Record<string, TableShape | null>> {
  const shapes: [string, TableShape | null][] = [];
  // One after the other: nobody waits for it, and whoever works in this database does.
  for (const table of tables) shapes.push([table, await readTable(database, table)]);
  return Object.fromEntries(shapes);
}

async function readTable(database: Database, table: string): Promise<TableShape | null> {
  try {
    return tableShape(await database.describe(table));
  } catch (error) {
    if (error instanceof UnknownTableError) return null;
    throw error;
  }
}

function tableShape({ columns, primaryKey, uniques }: TableInfo): TableShape {
  const shapes = [...columns.values()].map(
    ({ name, type, kind, nullable, generated, hasDefault }): [string, ColumnShape] => [
      name,
      { type, kind, nullable, generated, needsValue: !nullable && !generated && !hasDefault },
    ],
  );
  return { columns: Object.fromEntries(shapes), key: primaryKey, uniques };
}
