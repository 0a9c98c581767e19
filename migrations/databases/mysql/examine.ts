import type { FieldPacket } from 'mysql2/promise';
import type { Text } from '../database.ts';
import type { Check, ExamineQuestion, Finding, Seen } from '../finding.ts';
import { examineWith } from '../finding.ts';
import type { Server } from './connect.ts';
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

/** @see Database.examine */
export function examine(server: Server, { tables }: ExamineQuestion): Promise<Finding[]> {
  const named = tables.map((table) => {
    const { schema, name } = splitTable(table, server.database);
    return `SELECT ${literal(schema)} AS in_schema, ${literal(name)} AS name, ${literal(table)} AS subject`;
  });
  // The catalog has a collation of its own, which the session's texts take on nowhere by themselves.
  const list = `WITH named AS (${named.join(' UNION ALL ')}),
    listed AS (
      SELECT c.*, w.subject FROM named w JOIN information_schema.tables c
        ON BINARY c.table_schema = BINARY w.in_schema AND BINARY c.table_name = BINARY w.name AND c.table_type = 'BASE TABLE')`;
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
