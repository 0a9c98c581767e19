import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { mysqlServer } from './mysql-server.ts';

export type Dialect = 'postgres' | 'mysql';

/** A row as texts; what a boolean, a number or a moment looks like is the database's matter. */
export type TextRow = Record<string, string | null>;

/** One connection to a database of either kind. */
export interface SqlSession {
  /** Runs plain SQL, one or several statements, and returns the rows of the last one. */
  sql(text: string): Promise<TextRow[]>;
  end(): Promise<void>;
}

/** A new database; PostgreSQL's go with the server at the end of the run, MySQL's are dropped by the test. */
export const createDatabaseOf = (dialect: Dialect, schema: string): Promise<string> =>
  dialect === 'postgres' ? createDatabase(schema) : createMysqlDatabase(schema);

/** A new database on the test's PostgreSQL server; they go with the server at the end of the run. */
export async function createDatabase(schema: string): Promise<string> {
  const server = process.env.STRANGLER_TEST_POSTGRES;
  if (!server) throw new Error('STRANGLER_TEST_POSTGRES is set by the global setup of the tests');
  return create(server, schema);
}

const created: string[] = [];

async function createMysqlDatabase(schema: string): Promise<string> {
  const url = await create(await mysqlServer(), schema);
  created.push(url);
  return url;
}

/** Drops the MySQL databases that this test file made: their server outlives the run. */
export async function dropMysqlDatabases(): Promise<void> {
  for (const url of created.splice(0)) {
    const session = await openSql(url);
    await session.sql(`DROP DATABASE ${new URL(url).pathname.slice(1)}`);
    await session.end();
  }
}

async function create(server: string, schema: string): Promise<string> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  const admin = await openSql(server);
  await admin.sql(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  if (schema) {
    const session = await openSql(url.href);
    await session.sql(schema);
    await session.end();
  }
  return url.href;
}

export const openSql = (url: string): Promise<SqlSession> =>
  url.startsWith('postgres') ? openPostgresSql(url) : openMysqlSql(url);

async function openPostgresSql(url: string): Promise<SqlSession> {
  const types = { getTypeParser: () => (text: string | Buffer) => text } as pg.CustomTypesConfig;
  const client = new pg.Client({ connectionString: url, types });
  await client.connect();
  return {
    async sql(text) {
      const results = (await client.query(text)) as pg.QueryResult<TextRow> | pg.QueryResult<TextRow>[];
      return (Array.isArray(results) ? results.at(-1)?.rows : results.rows) ?? [];
    },
    end: () => client.end(),
  };
}

async function openMysqlSql(url: string): Promise<SqlSession> {
  const connection = await createConnection({
    uri: url,
    charset: 'utf8mb4',
    multipleStatements: true,
    typeCast: (field) => field.string(),
  });
  return {
    async sql(text) {
      const [results] = (await connection.query(text)) as unknown as [unknown];
      if (!Array.isArray(results)) return [];
      const last = results.at(-1) as unknown;
      const isRows = (value: unknown): value is TextRow[] => Array.isArray(value);
      if (isRows(last)) return last;
      return results.some(isRows) || isHeader(last) ? [] : (results as TextRow[]);
    },
    end: () => connection.end(),
  };
}

/** Of a statement without rows. */
const isHeader = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'affectedRows' in value && 'serverStatus' in value;
