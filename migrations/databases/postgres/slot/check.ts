import type pg from 'pg';
import type { SourceTable } from '../../database.ts';
import { CaptureUnavailableError } from '../../errors.ts';
import { query } from '../connect.ts';
import { tableIdent } from '../identifiers.ts';

/**
 * Checks that the server can do it, before anything is changed.
 *
 * @throws CaptureUnavailableError
 */
export async function checkServer(
  pool: pg.Pool,
  label: string,
  tables: readonly SourceTable[],
): Promise<void> {
  const [server] = await query<Record<'level' | 'allowed', string>>(
    pool,
    label,
    `SELECT current_setting('wal_level') AS level, (EXISTS (SELECT FROM pg_roles r WHERE
       pg_has_role(r.oid, 'MEMBER') AND (r.rolsuper OR r.rolname = 'rds_replication'
         OR r.rolreplication AND r.rolname = current_user)))::text AS allowed`,
  );
  if (server?.level !== 'logical') {
    throw new CaptureUnavailableError(
      label,
      `wal_level is ${server?.level}`,
      'set wal_level = logical and restart the server',
    );
  }
  if (server.allowed !== 'true') {
    throw new CaptureUnavailableError(
      label,
      'the user may not replicate',
      'give it the right (ALTER ROLE … REPLICATION)',
    );
  }
  for (const table of tables) await checkIdentity(pool, label, table);
}

/**
 * An update or delete has to tell the row's key. Published tables without a replica identity refuse the
 * application's own updates and deletes: that must be found before.
 */
async function checkIdentity(pool: pg.Pool, label: string, table: SourceTable): Promise<void> {
  const unfit = await query<{ name: string }>(
    pool,
    label,
    `WITH tree AS (
       SELECT relid FROM pg_partition_tree(to_regclass($1)) UNION SELECT to_regclass($1))
     SELECT c.oid::regclass::text AS name FROM tree JOIN pg_class c ON c.oid = tree.relid
     WHERE c.relpersistence <> 'p' OR c.relreplident <> 'f' AND NOT EXISTS (
       SELECT FROM pg_index i WHERE i.indrelid = c.oid
         AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
         AND $2::text[] <@ ARRAY(SELECT a.attname::text FROM pg_attribute a
                                 WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[])))
     LIMIT 1`,
    [tableIdent(table.name), [...table.key]],
  );
  if (unfit[0]) {
    throw new CaptureUnavailableError(
      label,
      `table ${unfit[0].name} is unlogged, or its replica identity does not have the key (${table.key.join(', ')})`,
      'ALTER TABLE … SET LOGGED, or REPLICA IDENTITY DEFAULT',
    );
  }
}
