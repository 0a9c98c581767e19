import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** An empty database of its own for one test file, on the server that the run was given. */
export async function createScratchDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const server = process.env.STRANGLER_TEST_POSTGRES;
  if (!server) throw new Error('STRANGLER_TEST_POSTGRES is not set: the URL of a server for tests');
  const name = `catalog_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await execute(server, `CREATE DATABASE ${name}`);
  return { url: url.href, drop: () => execute(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

/** Runs statements on a connection of their own and gives the rows of the last one. */
export async function rowsOf<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Several statements give several results, which the types of pg do not know.
    const results = [await client.query(sql)].flat() as pg.QueryResult<Row & pg.QueryResultRow>[];
    return results.at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

const execute = async (url: string, sql: string): Promise<void> => void (await rowsOf(url, sql));

/** A trigger that refuses what a fence or an administrator may refuse. */
export const refuseWrites = (table: string, condition = 'true') => `
  CREATE FUNCTION refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'table ${table} is closed for writes'; END $$;
  CREATE TRIGGER refuse_${table} BEFORE INSERT OR UPDATE ON ${table}
    FOR EACH ROW WHEN (${condition}) EXECUTE FUNCTION refuse_${table}()`;
