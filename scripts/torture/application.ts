import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Write } from './ledger.ts';
import { NotDoneError } from './not-done.ts';
import type { SideDatabase } from './sides.ts';
import { workloadOf } from './workloads/all.ts';

/** Our word that nothing was written; an answer of anybody else leaves it open. */
export const NOT_DONE = 'x-torture-not-done';

/** The application of one side: `POST /w/{workload}` carries out one write in its database. */
export class Application {
  readonly url: string;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(database: SideDatabase): Promise<Application> {
    const server = createServer((request, response) => {
      void answer(database, request).then(({ status, notDone, body }) => {
        response.writeHead(status, notDone ? { [NOT_DONE]: notDone } : {});
        response.end(body);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Application(server);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function answer(
  database: SideDatabase,
  request: IncomingMessage,
): Promise<{ status: number; notDone?: 'fenced' | 'nothing'; body: string }> {
  if (request.method !== 'POST') return { status: 200, body: 'well' };
  try {
    const write = JSON.parse(await text(request)) as Write;
    await perform(database, write);
    return { status: 201, body: write.op };
  } catch (error) {
    const body = error instanceof Error ? error.message : String(error);
    if (!(error instanceof NotDoneError)) return { status: 500, body };
    return { status: error.isFenced ? 503 : 409, notDone: error.isFenced ? 'fenced' : 'nothing', body };
  }
}

/**
 * Carries out one write on one side.
 * @throws NotDoneError when nothing was written, for certain
 */
export function perform(database: SideDatabase, write: Write): Promise<void> {
  return database.transaction((sql) => workloadOf(write.workload).perform(sql, database.side, write));
}
