import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startEmbedded } from './embedded.ts';

const folder = mkdtempSync(join(tmpdir(), 'strangler-embedded-'));
chmodSync(folder, 0o755); // as root, the server runs as another user
const dataDir = join(folder, 'data');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the embedded PostgreSQL', () => {
  it('starts again on its data at once after its owner was killed', async () => {
    const script = `
      import { startEmbedded } from ${JSON.stringify(join(import.meta.dirname, 'embedded.ts'))};
      const server = await startEmbedded(${JSON.stringify(dataDir)});
      console.log(await server.database('kept'));
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [url] = (await once(owner.stdout, 'data')) as [Buffer];
    await query(url.toString().trim(), 'CREATE TABLE seen (n int)');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const server = await startEmbedded(dataDir);
    const again = await server.database('kept');
    await query(again, 'INSERT INTO seen VALUES (1)');
    await server.stop();
    await expect(query(again, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  });
});

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(sql);
  await client.end();
}
