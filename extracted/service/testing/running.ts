import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Wire } from '../../../migrations/testing/wire.ts';
import { createTestDatabase, type TestDatabase } from './databases.ts';

const ROOT = new URL('../../../', import.meta.url);

/** What can be started, and what it calls its database. */
const APPLICATIONS = {
  monolith: { entry: 'legacy-monolith/main.ts', variable: 'MONOLITH_DATABASE_URL', dialect: 'postgres' },
  catalog: { entry: 'extracted/catalog/main.ts', variable: 'CATALOG_DATABASE_URL', dialect: 'postgres' },
  cart: { entry: 'extracted/cart/main.ts', variable: 'CART_DATABASE_URL', dialect: 'postgres' },
  orders: { entry: 'extracted/orders/main.ts', variable: 'ORDERS_DATABASE_URL', dialect: 'postgres' },
  payments: { entry: 'extracted/payments/main.ts', variable: 'PAYMENTS_DATABASE_URL', dialect: 'mysql' },
} as const;

export type Application = keyof typeof APPLICATIONS;
export const SERVICES = ['catalog', 'cart', 'orders', 'payments'] as const;

export const entryOf = (name: Application): string => fileURLToPath(new URL(APPLICATIONS[name].entry, ROOT));
export const variableOf = (name: Application): string => APPLICATIONS[name].variable;

export interface Running {
  url: string;
  /** Where the monolith takes the steps of a checkout, if it was told to. */
  internalUrl: string;
  databaseUrl: string;
  process: ChildProcess;
  rows: TestDatabase['rows'];
  /** Nothing reaches its database any more. */
  loseDatabase: () => Promise<void>;
  /** Kills it, and waits until it is gone. */
  kill: () => Promise<void>;
  /** Starts it again where it was, after it is gone, with more or other settings. */
  startAgain: (env?: NodeJS.ProcessEnv) => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts an application as its users do, on a database of its own, and waits for the line with its URL. */
export async function start(name: Application, seed = '', env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const { dialect } = APPLICATIONS[name];
  const database = await createTestDatabase(dialect);
  const wire = await Wire.to(database.url);
  const launch = (ports: NodeJS.ProcessEnv) =>
    launchWith(name, { ...env, ...ports, [variableOf(name)]: wire.url });
  let { child, url, internalUrl } = await launch({ PORT: '0' });
  if (seed !== '') await database.rows(seed);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  };
  return {
    url,
    internalUrl,
    databaseUrl: database.url,
    get process() {
      return child;
    },
    rows: database.rows,
    loseDatabase: () => wire.close(),
    kill: () => end('SIGKILL'),
    startAgain: async (other = {}) => {
      const internal = internalUrl === '' ? {} : { INTERNAL_PORT: new URL(internalUrl).port };
      ({ child, url, internalUrl } = await launch({ PORT: new URL(url).port, ...internal, ...other }));
    },
    stop: async () => {
      await end('SIGTERM');
      await wire.close();
      await database.drop();
    },
  };
}

async function launchWith(name: Application, env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [entryOf(name)], {
    env: { ...process.env, AMQP_URL: '', LOG_LEVEL: 'fatal', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code} before it was ready`);
  });
  gone.catch(() => undefined);
  let internalUrl = '';
  const ready = new Promise<string>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      internalUrl = /steps of a checkout at (\S+)/.exec(line)?.[1] ?? internalUrl;
      const [, url] = / ready at (\S+)/.exec(line) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
  const url = await Promise.race([ready, gone]);
  return { child, url, internalUrl };
}
