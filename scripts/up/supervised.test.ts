import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { createDatabase } from '../../migrations/testing/two-databases.ts';
import { Supervised } from './supervised.ts';

it('a part that does not come up is waited for no longer than its time, and what it last said is told', async () => {
  const taken = createServer();
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  const { port } = taken.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), 'strangler-supervised-'));
  const config = join(folder, 'strangler.yaml');
  await writeFile(
    config,
    JSON.stringify({
      version: 1,
      monolith: { url: 'http://127.0.0.1:9' },
      services: {},
      proxy: { listen: `127.0.0.1:${port}` },
      migrations: {},
    }),
  );
  const storeUrl = await createDatabase('');
  const part = new Supervised({ name: 'proxy', config, storeUrl, environment: () => ({}) }, 8000);
  try {
    await expect(part.ready).rejects.toThrow(
      /the part "proxy" did not come up within 8 s \([1-9]\d* times it ended by itself\); .*the port is taken/,
    );
  } finally {
    await part.stop();
    await new Promise((resolve) => taken.close(resolve));
    await rm(folder, { recursive: true });
  }
}, 60_000);
