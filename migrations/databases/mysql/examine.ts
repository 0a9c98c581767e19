import type { FieldPacket } from 'mysql2/promise';
import type { Text } from '../database.ts';
import type { Check, ExamineQuestion, Finding, Seen } from '../finding.ts';
import { examineWith } from '../finding.ts';
import type { Server } from './connect.ts';
import { at } from './catalog.ts';
import type { Place } from './catalog.ts';
import { using } from './connect.ts';
import { literal, splitTable } from './identifiers.ts';
import { SERVER_CHECKS } from './server-checks.ts';
import { TABLE_CHECKS } from './table-checks.ts';

const ACTIVITY_CHECKS: readonly Check[] = [
  {
    id: 'long-transaction',
    severity: 'warning',
    sql: `SELECT CONCAT('transaction of connection ', trx_mysql_thread_id) AS subject,
            TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS age
          FROM information_schema.innodb_trx WHERE trx_started < NOW() - INTERVAL 1 MINUTE`,
    message: ({ age }) => `open for ${age} s: a fence would wait for it`,
    advice: () => 'end it before a cutover; a job that needs hours should commit now and then',
  },
  {
    id: 'change-table-large',
    severity: 'warning',
    sql: `SELECT ROUND((data_length + index_length) / 1048576) AS size FROM information_schema.tables
          WHERE table_schema = DATABASE() AND table_name = 'strangler_change' AND data_length + index_length > 1073741824`,
    message: ({ size }) =>
      `strangler_change takes ${size} MiB: changes are not applied, or were not for a while`,
    advice: () =>
      'look at `strangler status`; when the sync is live, give the space back with OPTIMIZE TABLE strangler_change',
  },
];

type Subject = Place & { subject: string };

/** Rows of a table of the catalog about these tables. */
const ofPlaces = (catalog: string, columns: [string, string], places: readonly Subject[]): string =>
  places
    .map(
      (place) =>
        `SELECT c.*, ${literal(place.subject)} AS subject FROM information_schema.${catalog} c
         WHERE ${at('c', place, columns)}`,
    )
    .join(' UNION ALL ');

/** What the checks of tables read; what a check does not name costs nothing. */
const looksAt = (places: readonly Subject[]): string => {
  const here: [string, string] = ['table_schema', 'table_name'];
  const named = places.map(
    ({ name, subject }) => `SELECT ${literal(subject)} AS subject, ${literal(name)} AS name`,
  );
  return `WITH named AS (${named.join(' UNION ALL ')}),
    listed AS (SELECT t.* FROM (${ofPlaces('tables', here, places)}) t WHERE t.table_type = 'BASE TABLE'),
    constrained AS (${ofPlaces('table_constraints', here, places)}),
    referring AS (${ofPlaces('referential_constraints', ['constraint_schema', 'table_name'], places)}),
    firing AS (${ofPlaces('triggers', ['event_object_schema', 'event_object_table'], places)})`;
};

/** @see Database.examine */
export function examine(server: Server, { tables }: ExamineQuestion): Promise<Finding[]> {
  const list = looksAt(tables.map((subject) => ({ ...splitTable(subject, server.database), subject })));
  const run = (sql: string): Promise<Seen[]> =>
    using(server, async ({ connection }) => {
      const [rows, fields] = (await connection.query(`${list} ${sql}`)) as unknown as [
        Text[][],
        FieldPacket[],
      ];
      return rows.map((row) => Object.fromEntries(fields.map(({ name }, i) => [name, row[i] ?? null])));
    });
  const checks = [...SERVER_CHECKS, ...TABLE_CHECKS, ...ACTIVITY_CHECKS];
  const clock = 'SELECT UNIX_TIMESTAMP(SYSDATE(6)) * 1000 AS now';
  return examineWith(server.label, checks, clock, run);
}
