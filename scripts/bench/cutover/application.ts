import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

const FENCED = /is fenced/;

/** The application of one side: `POST /notes/{n}` adds one row, `GET /` says that it is well. */
export class Application {
  readonly url: string;
  private readonly server: Server;
  private readonly pool: pg.Pool;

  private constructor(server: Server, pool: pg.Pool) {
    this.server = server;
    this.pool = pool;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(database: string, table: string): Promise<Application> {
    const pool = new pg.Pool({ connectionString: database, max: 20 });
    pool.on('error', () => undefined);
    await pool.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY, body text NOT NULL)`);
    const insert = { name: 'insert', text: `INSERT INTO ${table} VALUES ($1, 'a note')` };
    const server = createServer((request, response) => {
      const number = /^\/notes\/(\d+)$/.exec(request.url ?? '')?.[1];
      const work = number && request.method === 'POST' ? pool.query({ ...insert, values: [number] }) : null;
      void Promise.resolve(work).then(
        () => response.end('ok'),
        (error: Error) => {
          response.statusCode = FENCED.test(error.message) ? 503 : 500;
          response.end(error.message);
        },
      );
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Application(server, pool);
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
