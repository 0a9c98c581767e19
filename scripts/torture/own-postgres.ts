import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../migrations/databases/embedded.ts';
import { postgresSplitters } from './relay/postgres-frames.ts';
import type { Keeper } from './servers.ts';

/** The data end with the run, and a server that is killed leaves what it wrote to the kernel. */
const FLAGS = ['fsync=off', 'full_page_writes=off', 'max_connections=150', 'wal_level=logical'].flatMap(
  (flag) => ['-c', flag],
);

/** The PostgreSQL that comes with the package, on data of its own in `folder`. */
export async function ownPostgres(folder: string, database: string): Promise<Keeper> {
  await mkdir(dirname(folder), { recursive: true });
  await chmod(dirname(folder), 0o755); // as root, the server runs as another user
  let server = await startEmbedded(folder, FLAGS);
  let url = await server.database(database);
  return {
    splitters: postgresSplitters,
    url: () => url,
    async restart() {
      await server.stop();
      server = await startEmbedded(folder, FLAGS);
      url = await server.database(database);
    },
    crash: () => killBackend(url),
    stop: () => server.stop(),
  };
}

/** Kills one of its processes: the server ends all connections and recovers from its log. */
async function killBackend(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const gone = new Promise<void>((resolve) => client.once('end', () => resolve()));
  if (rows[0]) process.kill(rows[0].pid, 'SIGKILL');
  await gone;
}
