import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { importRetail } from '../../legacy-monolith/import.ts';
import { STEPS } from '../../legacy-monolith/retail/statements.ts';
import { startEmbedded } from '../../migrations/databases/embedded.ts';
import type { EmbeddedServer } from '../../migrations/databases/embedded.ts';
import { freePorts } from '../testing/free-ports.ts';
import { count } from './narrator.ts';
import type { Narrator } from './narrator.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '.strangler', 'demo');

/** The STEPS of the import, its reading of the file before and its foreign keys after. */
const IMPORT_STEPS = STEPS.length + 2;

export interface Databases {
  monolith: string;
  service: string;
  control: string;
}

export interface Addresses {
  proxy: string;
  control: string;
  monolith: string;
  service: string;
}

/** The PostgreSQL server with the demo's three databases, all new. */
export async function startDatabases(): Promise<{ server: EmbeddedServer; databases: Databases }> {
  const server = await startServer();
  const [monolith, service, control] = [
    await server.database('shop'),
    await server.database('catalog'),
    await server.database('strangler_control'),
  ];
  return { server, databases: { monolith, service, control } };
}

export async function startServer(): Promise<EmbeddedServer> {
  await mkdir(FOLDER, { recursive: true });
  await removeFormerRuns();
  const flags = ['-c', 'max_connections=200', '-c', 'max_wal_size=2GB'];
  return startEmbedded(join(FOLDER, String(process.pid), 'postgres'), flags);
}

/** Fills the shop, and says how far it is. */
export async function fillShop(
  databaseUrl: string,
  lines: number | undefined,
  narrator: Narrator,
): Promise<void> {
  let steps = 0;
  const { source } = await importRetail({
    databaseUrl,
    ...(lines === undefined ? {} : { lines }),
    onProgress: ({ step, rows, milliseconds }) => {
      steps += 1;
      const figures = `${count(rows)} rows, ${(milliseconds / 1000).toFixed(1)} s`;
      narrator.progress(step, steps / IMPORT_STEPS, figures);
    },
  });
  const from = source === 'generator' ? 'made up invoice lines' : `${source} (a real shop's invoices)`;
  narrator.good(`the shop is filled from ${from}`);
}

/** Free addresses for everything that listens. */
export async function chooseAddresses(): Promise<Addresses> {
  const [proxy, control, monolith, service] = await freePorts(4);
  const at = (port: number | undefined) => `http://127.0.0.1:${port}`;
  return { proxy: at(proxy), control: at(control), monolith: at(monolith), service: at(service) };
}

/** What legacy-monolith/strangler.yaml and both applications read. */
export function environmentOf(databases: Databases, addresses: Addresses): Record<string, string> {
  return {
    MONOLITH_URL: addresses.monolith,
    MONOLITH_DATABASE_URL: databases.monolith,
    CATALOG_URL: addresses.service,
    CATALOG_DATABASE_URL: databases.service,
    SHOP_URL: addresses.proxy,
    PROXY_LISTEN: new URL(addresses.proxy).host,
    CONTROL_LISTEN: new URL(addresses.control).host,
    CONTROL_STORE: databases.control,
  };
}

/** A folder is named by the process it belongs to; one that still runs keeps its own. */
async function removeFormerRuns(): Promise<void> {
  for (const name of await readdir(FOLDER)) {
    if (/^\d+$/.test(name) && !isRunning(Number(name))) await rm(join(FOLDER, name), { recursive: true });
  }
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
