import { mkdtempSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One PostgreSQL for the whole run: the one named by STRANGLER_TEST_POSTGRES (a URL whose user may create
 * databases), else the embedded one, without fsync because its data end with the run.
 */
export default async function globalSetup() {
  if (process.env.STRANGLER_TEST_POSTGRES) return;
  const { startEmbedded } = await import('../../migrations/databases/embedded.ts');
  const folder = mkdtempSync(join(tmpdir(), 'strangler-test-'));
  chmodSync(folder, 0o755);
  const server = await startEmbedded(join(folder, 'data'), [
    '-c',
    'fsync=off',
    '-c',
    'full_page_writes=off',
    '-c',
    'max_connections=200',
    '-c',
    'wal_level=logical',
    '-c',
    'max_replication_slots=100',
    '-c',
    'max_prepared_transactions=10',
  ]);
  process.env.STRANGLER_TEST_POSTGRES = server.url;
  globalThis.stranglerTestServer = { server, folder };
}
