import type { Check } from '../finding.ts';

/** Connections that control, sync and a command of the two take at most. */
const CONNECTIONS = 24;

/** What can be wrong with the server, its settings and the user's rights. */
export const SERVER_CHECKS: readonly Check[] = [
  {
    id: 'version',
    severity: 'error',
    sql: `SELECT current_setting('server_version') AS version
          WHERE current_setting('server_version_num')::int < 130000`,
    message: ({ version }) => `PostgreSQL ${version} is too old`,
    advice: () => 'PostgreSQL 13 or later is needed',
  },
  {
    id: 'read-only',
    severity: 'error',
    sql: `SELECT CASE WHEN pg_is_in_recovery() THEN 'a standby' ELSE 'read-only by default' END AS what
          WHERE pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'`,
    message: ({ what }) => `the server is ${what}: nothing can be written`,
    advice: () => 'name the primary server in the URL, and leave default_transaction_read_only off',
  },
  {
    id: 'encoding',
    severity: 'warning',
    sql: `SELECT current_setting('server_encoding') AS encoding WHERE current_setting('server_encoding') <> 'UTF8'`,
    message: ({ encoding }) =>
      `the database is encoded in ${encoding}: characters that it lacks are refused and parked`,
    advice: () => 'use a database in UTF8 on the side that follows',
  },
  {
    id: 'right-to-create-schema',
    severity: 'error',
    sql: `SELECT current_user AS who, current_database() AS database
          WHERE NOT has_database_privilege(current_database(), 'CREATE')
            AND to_regnamespace('strangler') IS NULL`,
    message: ({ who }) => `user ${who} may not create the schema "strangler"`,
    advice: ({ who, database }) => `GRANT CREATE ON DATABASE "${database}" TO "${who}"`,
  },
  {
    id: 'schema-of-another',
    severity: 'error',
    sql: `SELECT current_user AS who, pg_get_userbyid(nspowner) AS owner FROM pg_namespace
          WHERE nspname = 'strangler' AND NOT pg_has_role(nspowner, 'USAGE')`,
    message: ({ owner }) => `the schema "strangler" belongs to ${owner}`,
    advice: ({ owner, who }) => `connect as ${owner}, or GRANT "${owner}" TO "${who}"`,
  },
  {
    id: 'deadlock-timeout',
    severity: 'warning',
    isRefusal: true,
    sql: `SELECT NULL AS set WHERE set_config('deadlock_timeout', '20ms', true) IS NULL`,
    message: () =>
      'deadlock_timeout cannot be set: an autovacuum may hold up a cutover for a second, and it is taken back',
    advice: () =>
      'PostgreSQL 15 or later: GRANT SET ON PARAMETER deadlock_timeout TO the user; else ALTER ROLE … SET it by a superuser',
  },
  {
    id: 'statement-timeout',
    severity: 'warning',
    sql: `SELECT name, setting FROM pg_settings
          WHERE name IN ('statement_timeout', 'transaction_timeout') AND setting::int BETWEEN 1 AND 59999`,
    message: ({ name, setting }) =>
      `${name} is ${setting} ms for this user: reading many changes takes longer`,
    advice: ({ name }) => `ALTER ROLE … SET ${name} = 0 for the user of the sync`,
  },
  {
    id: 'connections',
    severity: 'warning',
    sql: `SELECT free::text AS free FROM (
            SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
              - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS free) s
          WHERE free < ${CONNECTIONS}`,
    message: ({ free }) => `only ${free} connections are free; control and sync take up to ${CONNECTIONS}`,
    advice: () => 'raise max_connections, or give the application a smaller pool',
  },
  {
    id: 'wal-level',
    severity: 'error',
    sql: `SELECT current_setting('wal_level') AS level
          WHERE current_setting('wal_level') <> 'logical' AND EXISTS (SELECT FROM named WHERE replicated)`,
    message: ({ level }) => `wal_level is ${level}: changes cannot be captured from the log`,
    advice: () => 'set wal_level = logical and restart the server, or use `capture: trigger`',
  },
  {
    id: 'right-to-replicate',
    severity: 'error',
    sql: `SELECT rolname AS who FROM pg_roles WHERE rolname = current_user AND NOT rolreplication AND NOT rolsuper
            AND EXISTS (SELECT FROM named WHERE replicated)`,
    message: ({ who }) => `user ${who} may not use replication slots`,
    advice: ({ who }) => `ALTER ROLE "${who}" REPLICATION, or use \`capture: trigger\``,
  },
];
