import type { Check } from '../finding.ts';

/**
 * What can be wrong with the migrated tables. `named` has all, `listed` those that are there; `constrained`, `referring`
 * and `firing` have their constraints, foreign keys and triggers, each as in the catalog, with the table's `subject`.
 */
export const TABLE_CHECKS: readonly Check[] = [
  {
    id: 'table-missing',
    severity: 'error',
    sql: 'SELECT subject FROM named WHERE subject NOT IN (SELECT subject FROM listed)',
    message: () => 'there is no such table',
    advice: () => 'check the name in strangler.yaml (a view cannot be followed), and the user’s rights',
  },
  {
    id: 'engine',
    severity: 'error',
    sql: `SELECT subject, engine FROM listed WHERE engine <> 'InnoDB'`,
    message: ({ engine }) => `is kept by ${engine}, which has no transactions`,
    advice: () => 'ALTER TABLE … ENGINE = InnoDB',
  },
  {
    id: 'no-key',
    severity: 'error',
    sql: `SELECT subject FROM listed l WHERE NOT EXISTS (
            SELECT 1 FROM constrained k WHERE k.subject = l.subject AND k.constraint_type = 'PRIMARY KEY')`,
    message: () => 'has no primary key: its rows cannot be told apart',
    advice: () => 'ALTER TABLE … ADD PRIMARY KEY',
  },
  {
    id: 'application-trigger',
    severity: 'warning',
    sql: `SELECT t.subject, t.trigger_name AS name FROM firing t
          WHERE t.trigger_name NOT LIKE 'strangler!_%' ESCAPE '!' AND t.action_statement NOT LIKE '%@strangler_origin%'`,
    message: ({ name }) => `its trigger ${name} fires for rows that the sync writes, too`,
    advice: () => 'guard it: IF @strangler_origin IS NULL THEN … END IF',
  },
  {
    id: 'cascade',
    severity: 'error',
    sql: `SELECT k.subject, k.constraint_name AS name, k.referenced_table_name AS parent,
            CONCAT_WS(', ', IF(k.delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT'), CONCAT('ON DELETE ', k.delete_rule), NULL),
              IF(k.update_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT'), CONCAT('ON UPDATE ', k.update_rule), NULL)) AS action
          FROM referring k
          WHERE k.delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') OR k.update_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT')`,
    message: ({ name, parent, action }) =>
      `${action} of ${name} changes its rows when ${parent} changes, and fires no trigger: nobody captures that`,
    advice: () =>
      'replace the action by a trigger on the other table, or by the application, and use RESTRICT',
  },
  {
    id: 'cascade-elsewhere',
    severity: 'warning',
    // Who refers to a table is known only by looking at all the others, of every database: asked for by a person alone.
    sql: `SELECT l.subject, k.constraint_name AS name, k.table_name AS child
          FROM listed l JOIN information_schema.referential_constraints k
            ON k.unique_constraint_schema = l.table_schema AND k.referenced_table_name = l.table_name
          WHERE k.table_name NOT IN (SELECT name FROM named)
            AND (k.delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') OR k.update_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT'))`,
    message: ({ name, child }) => `${name} changes rows of ${child} by itself, also while this side follows`,
    advice: () => 'use RESTRICT on the side that follows',
  },
  {
    id: 'capture-off',
    severity: 'error',
    sql: `SELECT l.subject FROM listed l
          WHERE EXISTS (SELECT 1 FROM firing t WHERE t.trigger_name LIKE 'strangler!_%' ESCAPE '!')
            AND 3 > (SELECT COUNT(*) FROM firing t
              WHERE t.subject = l.subject AND t.trigger_name LIKE 'strangler!_%' ESCAPE '!')`,
    message: () => 'is not captured though the migration is in sync: one of its triggers was dropped',
    advice: () => '`rollback` to legacy and `sync` anew: what was written meanwhile is known to nobody',
  },
];
