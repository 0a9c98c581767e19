import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

const FENCED = /is fenced/;

/** The application of one side: `POST /notes/{n}` adds row n to the table for notes, `GET /` says that it is well. */
export class RowApplication {
  readonly url: string;
  private readonly server: Server;
  private readonly pool: pg.Pool;

  private constructor(server: Server, pool: pg.Pool) {
    this.server = server;
    this.pool = pool;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /**
   * @param tables by the first part of the paths; they are created
   * @param tenant whether rows belong to the tenant that `x-tenant` names
   */
  static async start(
    database: string,
    tables: Readonly<Record<string, string>>,
    tenant = false,
  ): Promise<RowApplication> {
    const pool = new pg.Pool({ connectionString: database, max: 20 });
    pool.on('error', () => undefined);
    for (const table of Object.values(tables))
      await pool.query(
        tenant
          ? `CREATE TABLE ${table} (tenant text, id bigint, body text NOT NULL, PRIMARY KEY (tenant, id))`
          : `CREATE TABLE ${table} (id bigint PRIMARY KEY, body text NOT NULL)`,
      );
    const server = createServer((request, response) => {
      const [, path = '', number] = /^\/(\w+)\/(\d+)$/.exec(request.url ?? '') ?? [];
      const table = request.method === 'POST' && number ? tables[path] : undefined;
      const values = [...(tenant ? [request.headers['x-tenant']] : []), number];
      const places = values.map((_, i) => `$${i + 1}`).join(', ');
      const insert = { name: path, text: `INSERT INTO ${table} VALUES (${places}, 'a row')` };
      const work = table ? pool.query({ ...insert, values }) : null;
      void Promise.resolve(work).then(
        () => response.end('ok'),
        (error: Error) => {
          response.statusCode = FENCED.test(error.message) ? 503 : 500;
          response.end(error.message);
        },
      );
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new RowApplication(server, pool);
  }

  /** Numbers of all rows that are there. */
  async numbers(table: string): Promise<Set<number>> {
    const { rows } = await this.pool.query<{ id: string }>(`SELECT id FROM ${table}`);
    return new Set(rows.map(({ id }) => Number(id)));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.pool.end();
  }
}
