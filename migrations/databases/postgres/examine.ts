import type pg from 'pg';
import type { Check, ExamineQuestion, Finding, Seen } from '../finding.ts';
import { examineWith } from '../finding.ts';
import { query } from './connect.ts';
import { literal, splitTable } from './identifiers.ts';
import { SERVER_CHECKS } from './server-checks.ts';
import { TABLE_CHECKS } from './table-checks.ts';

const LONG_TRANSACTION = `interval '1 minute'`;

const ACTIVITY_CHECKS: readonly Check[] = [
  {
    id: 'long-transaction',
    severity: 'warning',
    sql: `SELECT 'transaction of process ' || pid AS subject, usename AS who, application_name AS app,
            date_trunc('second', now() - xact_start)::text AS age
          FROM pg_stat_activity WHERE datname = current_database() AND xact_start < now() - ${LONG_TRANSACTION}
            AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    message: ({ who, app, age }) =>
      `open for ${age}, of ${who}${app ? ` (${app})` : ''}: a fence would wait for it`,
    advice: () => 'end it before a cutover; a job that needs hours should commit now and then',
  },
  {
    id: 'prepared-transaction',
    severity: 'warning',
    sql: `SELECT 'prepared transaction ' || gid AS subject, date_trunc('second', now() - prepared)::text AS age
          FROM pg_prepared_xacts WHERE database = current_database() AND prepared < now() - ${LONG_TRANSACTION}`,
    message: ({ age }) => `prepared ${age} ago and not ended: a fence would wait for it`,
    advice: () => 'commit or roll it back (COMMIT PREPARED, ROLLBACK PREPARED)',
  },
  {
    id: 'change-table-large',
    severity: 'warning',
    sql: `SELECT pg_size_pretty(pg_total_relation_size(c.oid)) AS size
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'strangler' AND c.relname = 'change' AND pg_total_relation_size(c.oid) > 1024 ^ 3`,
    message: ({ size }) => `strangler.change takes ${size}: changes are not applied, or were not for a while`,
    advice: () =>
      'look at `strangler status`; when the sync is live, give the space back with VACUUM FULL strangler.change',
  },
];

/** @see Database.examine */
export function examine(
  pool: pg.Pool,
  label: string,
  { tables, replicated }: ExamineQuestion,
): Promise<Finding[]> {
  const named = tables.map((table) => {
    const { schema, name } = splitTable(table);
    return `(${[schema, name, table].map(literal).join(', ')}, ${replicated.includes(table)})`;
  });
  // One list for all statements: the tables that were named, and those of them that are there.
  const list = `WITH named (schema, name, subject, replicated) AS (VALUES ${named.join(', ')}),
    listed AS (
      SELECT c.*, w.subject, w.replicated FROM named w JOIN pg_namespace n ON n.nspname = w.schema
      JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p'))`;
  const run = (sql: string): Promise<Seen[]> => query(pool, label, `${list} ${sql}`);
  const checks = [...SERVER_CHECKS, ...TABLE_CHECKS, ...ACTIVITY_CHECKS];
  const clock = 'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now';
  return examineWith(label, checks, clock, run);
}
