import type pg from 'pg';
import { tableIdent } from './identifiers.ts';
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
  const { rows } = await client.query<Record<'on' | 'leaf' | 'guarded', string>>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS "on", p.isleaf::text AS leaf,
       (EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = '${FENCE_TRUNCATE}'))::text AS guarded
     FROM pg_partition_tree(to_regclass($1)) p JOIN pg_class c ON c.oid = p.relid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE p.level > 0 AND c.relkind IN ('r', 'p') ORDER BY p.level, 1`,
    [tableIdent(table)],
  );
  const partitions = rows.map((row) => ({
    on: row.on,
    isLeaf: row.leaf === 'true',
    isGuarded: row.guarded === 'true',
  }));
  const found = await client.query<{ name: string }>(
    'SELECT tgname AS name FROM pg_trigger WHERE tgrelid = to_regclass($1)',
    [tableIdent(table)],
  );
  const names = new Set(found.rows.map(({ name }) => name));
  const isSliced = names.has(ofSlice(FENCE, migration));
  const hasCapture = names.has(isSliced ? ofSlice(CAPTURE, migration) : CAPTURE);
  return { name: table, hasCapture, isSliced, partitions };
}
