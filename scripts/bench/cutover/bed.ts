import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../../../migrations/databases/embedded.ts';
import { freePorts } from '../../testing/free-ports.ts';
import { Part } from '../../testing/part.ts';
import type { PartSettings, Role } from '../../testing/part.ts';
import { RowApplication } from '../../testing/row-application.ts';

export const MIGRATION = 'notes';
export const TABLES = { monolith: 'note', service: 'notice' } as const;

/** One database server, both applications, and the product as a careful team runs it: two proxies, two controls. */
export interface Bed {
  applications: Readonly<Record<'monolith' | 'service', RowApplication>>;
  proxies: readonly string[];
  controls: readonly string[];
  store: string;
  /** Every process of the product. */
  parts: readonly Part[];
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** @param say told when a process ends by itself */
export async function openBed(say: (line: string) => void): Promise<Bed> {
  const folder = await mkdtemp(join(tmpdir(), 'strangler-cutover-'));
  // As root, the server runs as a user of its own, who has to get in.
  await chmod(folder, 0o755);
  const server = await startEmbedded(join(folder, 'data'), ['-c', 'max_connections=200']);
  const [monolith, service, store] = await Promise.all(
    ['monolith', 'service', 'control'].map((name) => server.database(name)),
  );
  const applications = {
    monolith: await RowApplication.start(monolith as string, { [MIGRATION]: TABLES.monolith }),
    service: await RowApplication.start(service as string, { [MIGRATION]: TABLES.service }),
  };
  const [first, second, control, standby] = await freePorts(4);
  const env = {
    ...process.env,
    MONOLITH_DATABASE_URL: monolith,
    SERVICE_DATABASE_URL: service,
    CONTROL_STORE: store,
    MONOLITH_URL: applications.monolith.url,
    SERVICE_URL: applications.service.url,
    // As the command itself has it: compiled once, read by every later start.
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
  };
  const part = async (name: string, role: Role, port: number): Promise<Part> => {
    const config = await writeConfig(folder, name, `127.0.0.1:${port}`);
    const settings: PartSettings = { product: ROOT, folder, say, config, env };
    const made = new Part(name, role, settings);
    process.once('exit', () => made.killForGood());
    await made.start();
    return made;
  };
  const parts = [
    await part('control', 'control', control),
    await part('standby', 'control', standby),
    await part('sync', 'sync', control),
    await part('proxy-1', 'proxy', first),
    await part('proxy-2', 'proxy', second),
  ];
  return {
    applications,
    proxies: [`http://127.0.0.1:${first}`, `http://127.0.0.1:${second}`],
    controls: [`http://127.0.0.1:${control}`, `http://127.0.0.1:${standby}`],
    store: store as string,
    parts,
    stop: async () => {
      await Promise.all(parts.map((each) => each.stop()));
      await Promise.all([applications.monolith.close(), applications.service.close()]);
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One for each process, for each listens somewhere else. JSON is YAML. */
async function writeConfig(folder: string, name: string, listen: string): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  const config = {
    version: 1,
    monolith: { url: '${MONOLITH_URL}', database: '${MONOLITH_DATABASE_URL}' },
    services: { notes: { url: '${SERVICE_URL}', database: '${SERVICE_DATABASE_URL}' } },
    proxy: { listen },
    control: { listen, store: '${CONTROL_STORE}' },
    migrations: {
      [MIGRATION]: {
        service: 'notes',
        routes: ['POST /notes/{id}'],
        tables: [{ from: TABLES.monolith, to: TABLES.service, key: { id: 'id' }, columns: { body: 'body' } }],
        shadow: { sample: 0 },
        gates: { shadowSamples: 0 },
      },
    },
  };
  await writeFile(file, JSON.stringify(config, null, 2));
  return file;
}
