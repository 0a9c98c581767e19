import pg from 'pg';
import { NotDoneError, notDone } from './not-done.ts';
import type { Row, SideDatabase, SideName, Sql } from './sides.ts';

/** Postgres' words for the fence that refuses, and for the TRUNCATE that the product does not follow. */
const REFUSALS = new Set(['STF01', 'STF02']);

const asText = { getTypeParser: () => (text: string | Buffer) => text };

export function openPostgresSide(side: SideName, url: string, connections: number): SideDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 5000,
    application_name: `torture ${side}`,
    types: asText,
    // A writer that waits for a lock for ever would stop the test, not the product.
    options: '-c lock_timeout=4000 -c statement_timeout=20000 -c TimeZone=UTC',
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const run = <T>(begin: string, work: (sql: Sql) => Promise<T>): Promise<T> =>
    transaction(pool, begin, work);
  const read = <T>(work: (sql: Sql) => Promise<T>): Promise<T> =>
    run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work);
  return {
    side,
    dialect: 'postgres',
    transaction: (work) => run('BEGIN', work),
    read,
    async captured() {
      const { rows } = await read((sql) =>
        sql(
          `SELECT last_value AS n FROM pg_sequences WHERE schemaname = 'strangler' AND sequencename = 'change_id_seq'`,
        ),
      );
      return Number(rows[0]?.n ?? 0);
    },
    close: () => pool.end(),
  };
}

async function transaction<T>(pool: pg.Pool, begin: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: Error) => {
    throw new NotDoneError(`no connection: ${error.message}`);
  });
  let isCommitting = false;
  try {
    await client.query(begin);
    const result = await work(sqlOf(client));
    isCommitting = true;
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    const broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    client.release(broken);
    throw isCommitting ? error : notDone(error, isFenced);
  }
}

function sqlOf(client: pg.PoolClient): Sql {
  const sql = async (text: string, ...values: unknown[]): Promise<{ rows: Row[]; count: number }> => {
    let n = 0;
    const result = await client.query<Row>(
      text.replaceAll('?', () => `$${(n += 1)}`),
      values.length > 0 ? values : undefined,
    );
    return { rows: result.rows, count: result.rowCount ?? 0 };
  };
  return Object.assign(sql, { dialect: 'postgres' as const });
}

const isFenced = (error: Error): boolean =>
  error instanceof pg.DatabaseError && REFUSALS.has(error.code ?? '');
