import { createPool } from 'mysql2/promise';
import type { Pool, PoolConnection } from 'mysql2/promise';
import { NotDoneError, notDone } from './not-done.ts';
import type { Row, SideDatabase, SideName, Sql } from './sides.ts';

/** Of what a trigger raises. */
const RAISED = 1644;
/**
 * A writer that waits for a lock for ever would stop the test, not the product. And MySQL is not to tell the counter of
 * yesterday.
 */
const SESSION = `SET SESSION innodb_lock_wait_timeout = 4, lock_wait_timeout = 4, time_zone = '+00:00'
  /*!80000 , information_schema_stats_expiry = 0 */`;
const CAPTURED = `SELECT AUTO_INCREMENT AS n FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'strangler_change'`;

/** Writers have the server's own level, as applications do: REPEATABLE READ. */
export function openMysqlSide(side: SideName, url: string, connections: number): SideDatabase {
  const pool = createPool({
    uri: url,
    connectionLimit: connections,
    connectTimeout: 5000,
    charset: 'utf8mb4',
    multipleStatements: true,
    typeCast: (field) => field.string(),
  });
  pool.on('connection', (connection) => void connection.on('error', () => undefined));
  const run = <T>(begin: string, work: (sql: Sql) => Promise<T>): Promise<T> =>
    transaction(pool, begin, work);
  const read = <T>(work: (sql: Sql) => Promise<T>): Promise<T> =>
    run('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY', work);
  return {
    side,
    dialect: 'mysql',
    transaction: (work) => run('START TRANSACTION', work),
    read,
    async captured() {
      const { rows } = await read((sql) => sql(CAPTURED));
      return Number(rows[0]?.n ?? 1) - 1;
    },
    close: () => pool.end(),
  };
}

async function transaction<T>(pool: Pool, begin: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const connection = await pool.getConnection().catch((error: Error) => {
    throw new NotDoneError(`no connection: ${error.message}`);
  });
  let isCommitting = false;
  try {
    await connection.query(`${SESSION}; ${begin}`);
    const result = await work(sqlOf(connection));
    isCommitting = true;
    await connection.query('COMMIT');
    connection.release();
    return result;
  } catch (error) {
    await connection.query('ROLLBACK').then(
      () => connection.release(),
      () => connection.destroy(),
    );
    throw isCommitting ? error : notDone(error, isFenced);
  }
}

/** What the last statement of several gave. */
function sqlOf(connection: PoolConnection): Sql {
  const sql = async (text: string, ...values: unknown[]): Promise<{ rows: Row[]; count: number }> => {
    const [result, fields] = (await connection.query(text, values)) as unknown as [unknown, unknown];
    // A single SELECT gives its rows; anything else a header, or one for each statement.
    if (Array.isArray(result) && Array.isArray(fields) && fields[0] !== undefined) {
      return { rows: result as Row[], count: result.length };
    }
    const header = (Array.isArray(result) ? result.at(-1) : result) as { affectedRows?: number };
    return { rows: [], count: header.affectedRows ?? 0 };
  };
  return Object.assign(sql, { dialect: 'mysql' as const });
}

const isFenced = (error: Error): boolean =>
  'errno' in error && error.errno === RAISED && error.message.includes('is fenced');
