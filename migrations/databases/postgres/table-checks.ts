import type { Check } from '../finding.ts';
import { CAPTURE, FENCE } from './triggers.ts';

/** Names of ours; everything else is the application's. */
const OURS = `(t.tgname LIKE '!strangler%' OR t.tgname LIKE 'strangler!_%' ESCAPE '!')`;

const ACTION = (column: string): string =>
  `CASE ${column} WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END`;

/** What can be wrong with the migrated tables. `named` has all, `listed` those that are there, with their `pg_class`. */
export const TABLE_CHECKS: readonly Check[] = [
  {
    id: 'table-missing',
    severity: 'error',
    sql: `SELECT subject FROM named WHERE subject NOT IN (SELECT subject FROM listed)`,
    message: () => 'there is no such table',
    advice: () =>
      'check the name in strangler.yaml (a view cannot be followed), and the right of USAGE on its schema',
  },
  {
    id: 'table-of-another',
    severity: 'error',
    sql: `SELECT subject, current_user AS who, pg_get_userbyid(relowner) AS owner FROM listed
          WHERE NOT pg_has_role(relowner, 'USAGE')`,
    message: ({ owner }) =>
      `belongs to ${owner}: triggers can be created, but not kept in force, by its owner alone`,
    advice: ({ owner, who }) => `GRANT "${owner}" TO "${who}", or connect as the owner`,
  },
  {
    id: 'no-key',
    severity: 'error',
    sql: `SELECT subject FROM listed l WHERE NOT EXISTS (SELECT FROM pg_index WHERE indrelid = l.oid AND indisprimary)`,
    message: () => 'has no primary key: its rows cannot be told apart',
    advice: () =>
      'ALTER TABLE … ADD PRIMARY KEY; a unique index on NOT NULL columns can become one (USING INDEX)',
  },
  {
    id: 'deferrable-key',
    severity: 'error',
    sql: `SELECT subject, conname AS name FROM listed l JOIN pg_constraint k ON k.conrelid = l.oid
          WHERE contype = 'p' AND condeferrable`,
    message: ({ name }) => `its primary key ${name} is deferrable: no row can be written by it`,
    advice: () =>
      'make it NOT DEFERRABLE (drop and add it; a concurrently built unique index keeps that short)',
  },
  {
    id: 'application-trigger',
    severity: 'warning',
    sql: `SELECT subject, t.tgname AS name FROM listed l JOIN pg_trigger t ON t.tgrelid = l.oid
          JOIN pg_proc p ON p.oid = t.tgfoid
          WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND NOT ${OURS}
            AND p.prosrc NOT LIKE '%strangler.origin%' AND pg_get_triggerdef(t.oid) NOT LIKE '%strangler.origin%'`,
    message: ({ name }) => `its trigger ${name} fires for rows that the sync writes, too`,
    advice: () => `guard it: WHEN (coalesce(current_setting('strangler.origin', true), '') = '')`,
  },
  {
    id: 'cascade',
    severity: 'warning',
    sql: `SELECT subject, k.conrelid::regclass::text AS child, k.conname AS name,
            concat_ws(', ', 'ON DELETE ' || ${ACTION('confdeltype')}, 'ON UPDATE ' || ${ACTION('confupdtype')}) AS action
          FROM listed l JOIN pg_constraint k ON k.confrelid = l.oid
          WHERE k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))`,
    message: ({ child, name, action }) =>
      `${action} of ${name} changes rows of ${child} by itself, also while this side follows`,
    advice: () => 'use NO ACTION on the side that follows; what the owner deletes arrives row by row',
  },
  {
    id: 'row-security',
    severity: 'error',
    sql: `SELECT subject, current_user AS who FROM listed WHERE relrowsecurity AND row_security_active(oid)`,
    message: ({ who }) => `row level security hides rows from user ${who}: they would not be copied`,
    advice: ({ who }) =>
      `ALTER ROLE "${who}" BYPASSRLS, or connect as the owner and leave FORCE ROW LEVEL SECURITY off`,
  },
  {
    id: 'inheritance',
    severity: 'error',
    sql: `SELECT DISTINCT subject FROM listed l JOIN pg_inherits i ON i.inhparent = l.oid WHERE l.relkind = 'r'`,
    message: () => 'other tables inherit from it: their rows show in it and are captured by nobody',
    advice: () => 'end the inheritance (NO INHERIT), or partition the table',
  },
  {
    id: 'partition',
    severity: 'warning',
    sql: `SELECT subject, i.inhparent::regclass::text AS whole FROM listed l JOIN pg_inherits i ON i.inhrelid = l.oid
          WHERE l.relispartition`,
    message: ({ whole }) => `is a partition of ${whole}: rows that move to another one look deleted`,
    advice: ({ whole }) => `name ${whole} in strangler.yaml`,
  },
  {
    id: 'unlogged',
    severity: 'warning',
    sql: `SELECT subject FROM listed WHERE relpersistence = 'u'`,
    message: () => 'is unlogged: a crash empties it, and nobody captures that',
    advice: () => 'ALTER TABLE … SET LOGGED',
  },
  {
    id: 'rule',
    severity: 'warning',
    sql: `SELECT subject, r.rulename AS name FROM listed l JOIN pg_rewrite r ON r.ev_class = l.oid
          WHERE r.rulename <> '_RETURN' AND r.ev_enabled IN ('O', 'A')`,
    message: ({ name }) => `its rule ${name} rewrites statements, those of the sync too`,
    advice: () => 'replace it by a trigger with a guard, or drop it',
  },
  {
    id: 'replica-identity',
    severity: 'error',
    sql: `SELECT subject FROM listed WHERE replicated AND relreplident = 'n'`,
    message: () => 'has REPLICA IDENTITY NOTHING: the log does not say which row was changed',
    advice: () => 'ALTER TABLE … REPLICA IDENTITY DEFAULT',
  },
  {
    id: 'capture-off',
    severity: 'error',
    sql: `SELECT subject FROM listed l
          WHERE NOT replicated AND EXISTS (SELECT FROM listed o JOIN pg_trigger t ON t.tgrelid = o.oid WHERE t.tgname = '${CAPTURE}')
            AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = l.oid AND t.tgname = '${CAPTURE}' AND (t.tgenabled = 'A'
              OR EXISTS (SELECT FROM pg_trigger f WHERE f.tgrelid = l.oid AND f.tgname = '${FENCE}' AND f.tgenabled = 'A')))`,
    message: () => 'is not captured though the migration is in sync: its trigger was dropped or disabled',
    advice: () => '`rollback` to legacy and `sync` anew: what was written meanwhile is known to nobody',
  },
];
