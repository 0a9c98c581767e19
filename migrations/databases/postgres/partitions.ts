import type pg from 'pg';
import { literal, tableIdent } from './identifiers.ts';
import { CAPTURE, FENCE, FENCE_TRUNCATE, ofSlice } from './triggers.ts';

/** A table with what of it lies in partitions. */
export interface Partitioned {
  name: string;
  /** Whether a trigger captures its rows. */
  hasCapture: boolean;
  /** Whether the migration has only a slice of it, and triggers of its own. */
  isSliced: boolean;
  partitions: readonly Partition[];
}

export interface Partition {
  /** Quoted, with its schema. */
  on: string;
  /** True when it holds rows, false when it is divided again. */
  isLeaf: boolean;
  /** Whether it has the triggers that partitions do not inherit. */
  isGuarded: boolean;
}

/** What of a table lies in partitions now; nothing when it is not partitioned. */
export async function partitionsOf(
  client: pg.ClientBase,
  table: string,
  migration: string,
): Promise<Partitioned> {
  const [tree] = await treesOf(client, [table], migration);
  if (!tree) throw new Error(`nothing was found out about table "${table}"`);
  return tree;
}

type Found = Record<'on' | 'leaf' | 'guarded' | 'name', string>;

/**
 * The same for several tables, asked in one go: writes may be waiting for the answer.
 *
 * @param first statements that are run before, each with its `;`
 */
export async function treesOf(
  client: pg.ClientBase,
  tables: readonly string[],
  migration: string,
  first = '',
): Promise<Partitioned[]> {
  if (tables.length === 0) return [];
  const sql = tables.map((table) => {
    const name = literal(tableIdent(table));
    return `SELECT format('%I.%I', n.nspname, c.relname) AS "on", p.isleaf::text AS leaf,
       (EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = '${FENCE_TRUNCATE}'))::text AS guarded
     FROM pg_partition_tree(to_regclass(${name})) p JOIN pg_class c ON c.oid = p.relid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE p.level > 0 AND c.relkind IN ('r', 'p') ORDER BY p.level, 1;
     SELECT tgname AS name FROM pg_trigger WHERE tgrelid = to_regclass(${name})`;
  });
  const results = (await client.query<Found>(first + sql.join(';\n'))) as unknown as pg.QueryResult<Found>[];
  const found = results.slice(-2 * tables.length).map(({ rows }) => rows);
  return tables.map((name, i) => treeOf(name, migration, found[2 * i] ?? [], found[2 * i + 1] ?? []));
}

function treeOf(
  name: string,
  migration: string,
  partitions: readonly Found[],
  triggers: readonly Found[],
): Partitioned {
  const names = new Set(triggers.map((trigger) => trigger.name));
  const isSliced = names.has(ofSlice(FENCE, migration));
  return {
    name,
    hasCapture: names.has(isSliced ? ofSlice(CAPTURE, migration) : CAPTURE),
    isSliced,
    partitions: partitions.map(({ on, leaf, guarded }) => ({
      on,
      isLeaf: leaf === 'true',
      isGuarded: guarded === 'true',
    })),
  };
}
