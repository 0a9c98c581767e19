import type { Check } from '../finding.ts';

/** Connections that control, sync and a command of the two take at most. */
const CONNECTIONS = 24;
const RIGHTS = [
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER', 'TRIGGER', 'LOCK TABLES'],
];

/** `'user'@'host'`, as the catalog writes who was granted something. */
const ME = `CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', 1)), '@', QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))`;

/** The right that lets a trigger be created while the log is written. That to set another definer does not. */
const MAY_LOG = `SELECT 1 FROM information_schema.user_privileges
  WHERE grantee = ${ME} AND privilege_type = 'SUPER'`;

/** What can be wrong with the server, its settings and the user's rights. */
export const SERVER_CHECKS: readonly Check[] = [
  {
    id: 'version',
    severity: 'error',
    sql: `SELECT version FROM (SELECT VERSION() AS version) v
          WHERE IF(version LIKE '%MariaDB%',
            CAST(SUBSTRING_INDEX(version, '.', 1) AS UNSIGNED) * 1000
              + CAST(SUBSTRING_INDEX(SUBSTRING_INDEX(version, '.', 2), '.', -1) AS UNSIGNED) < 10006,
            CAST(SUBSTRING_INDEX(version, '.', 1) AS UNSIGNED) < 8)`,
    message: ({ version }) => `${version} is too old`,
    advice: () => 'MySQL 8.0 or MariaDB 10.6, or a later one, is needed',
  },
  {
    id: 'read-only',
    severity: 'error',
    sql: 'SELECT 1 AS so FROM (SELECT @@GLOBAL.read_only AS read_only) s WHERE read_only <> 0',
    message: () => 'the server is read-only',
    advice: () => 'name the primary server in the URL, or SET GLOBAL read_only = 0',
  },
  {
    id: 'trigger-creators',
    severity: 'error',
    sql: `SELECT 1 AS so FROM (SELECT @@GLOBAL.log_bin AS logs, @@GLOBAL.log_bin_trust_function_creators AS trusts) s
          WHERE logs <> 0 AND trusts = 0 AND NOT EXISTS (${MAY_LOG})`,
    message: () => 'the binary log is on, and triggers may be created by a superuser alone',
    advice: () => 'SET GLOBAL log_bin_trust_function_creators = 1 (and in the configuration of the server)',
  },
  {
    id: 'rights',
    severity: 'error',
    // Rights that come by a role are not listed here; then nothing can be said.
    sql: `SELECT GROUP_CONCAT(wanted.name ORDER BY wanted.name SEPARATOR ', ') AS missing, CURRENT_USER() AS who
          FROM (${RIGHTS.map((name) => `SELECT '${name}' AS name`).join(' UNION ALL ')}) wanted
          WHERE COALESCE(CURRENT_ROLE(), 'NONE') = 'NONE'
            AND NOT EXISTS (SELECT 1 FROM information_schema.user_privileges
              WHERE grantee = ${ME} AND BINARY privilege_type = BINARY wanted.name)
            AND NOT EXISTS (SELECT 1 FROM information_schema.schema_privileges
              WHERE grantee = ${ME} AND DATABASE() LIKE table_schema AND BINARY privilege_type = BINARY wanted.name)
          HAVING missing IS NOT NULL`,
    message: ({ who, missing }) => `user ${who} lacks ${missing} on the database`,
    advice: ({ missing }) => `GRANT ${missing} ON the database TO the user`,
  },
  {
    id: 'time-zones',
    severity: 'warning',
    sql: `SELECT 1 AS so FROM (SELECT CONVERT_TZ('2020-01-01', 'UTC', 'Europe/Berlin') AS there) s WHERE there IS NULL`,
    message: () =>
      'the time zones are not loaded: a session in a named zone would be captured wrongly or refused',
    advice: () => 'mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql',
  },
  {
    id: 'connections',
    severity: 'warning',
    sql: `SELECT free FROM (
            SELECT @@GLOBAL.max_connections - (SELECT COUNT(*) FROM information_schema.processlist) AS free) s
          WHERE free < ${CONNECTIONS}`,
    message: ({ free }) => `only ${free} connections are free; control and sync take up to ${CONNECTIONS}`,
    advice: () => 'raise max_connections, or give the application a smaller pool',
  },
];
