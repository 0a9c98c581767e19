import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { exactCollation, makeData, mysqlServer, startOn } from '../../migrations/testing/mysql-server.ts';
import { mysqlSplitters } from './relay/mysql-frames.ts';
import type { Keeper } from './servers.ts';

/** What was committed is with the kernel when the server is killed; the disk need not have it. */
const FLAGS = [
  ...['--innodb-flush-log-at-trx-commit=2', '--innodb-doublewrite=0', '--innodb-buffer-pool-size=64M'],
  ...['--max-connections=200', '--innodb-fast-shutdown=1', '--performance-schema=OFF'],
];

/**
 * The `mariadbd` of this machine, on data of its own in `folder`. Where none is installed, or STRANGLER_TEST_MYSQL names
 * a server: a database of its own there; that one is not ours to stop, so a restart or a crash only ends all connections
 * to it.
 */
export async function ownMysql(folder: string, database: string): Promise<Keeper> {
  await mkdir(folder, { recursive: true });
  const own = process.env.STRANGLER_TEST_MYSQL ? null : await installed(folder, database);
  return own ?? shared(database);
}

async function installed(folder: string, database: string): Promise<Keeper | null> {
  const isThere = await makeData(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  if (!isThere) return null;
  let server = await startOn(folder, FLAGS);
  await createDatabase(server.url, database);
  const again = async (end: () => Promise<void>): Promise<void> => {
    await end();
    server = await startOn(folder, FLAGS);
  };
  return {
    splitters: mysqlSplitters,
    url: () => `${server.url}/${database}`,
    restart: () => again(() => server.stop()),
    crash: () => again(() => server.kill()),
    stop: () => server.stop(),
  };
}

async function shared(prefix: string): Promise<Keeper> {
  const url = await mysqlServer();
  const database = `torture_${prefix}_${randomBytes(6).toString('hex')}`;
  await createDatabase(url, database);
  const endAll = (): Promise<void> => on(url, (admin) => killConnections(admin, database));
  return {
    splitters: mysqlSplitters,
    url: () => `${url}/${database}`,
    restart: endAll,
    crash: endAll,
    stop: () => on(url, async (admin) => void (await admin.query(`DROP DATABASE ${database}`))),
  };
}

const createDatabase = (url: string, name: string): Promise<void> =>
  on(url, async (admin) => {
    await admin.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE ${await exactCollation(url)}`);
  });

async function killConnections(admin: Connection, database: string): Promise<void> {
  const [rows] = await admin.query('SELECT id FROM information_schema.processlist WHERE db = ?', [database]);
  // One that has ended meanwhile is as good as killed.
  for (const { id } of rows as { id: number }[]) await admin.query(`KILL ${id}`).catch(() => undefined);
}

async function on(url: string, work: (admin: Connection) => Promise<void>): Promise<void> {
  const admin = await createConnection({ uri: url });
  await work(admin).finally(() => admin.end());
}
