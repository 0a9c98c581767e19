import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import pino from 'pino';
import { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { Stage } from '../../migrations/lifecycle/stages.ts';
import { ControlStore } from '../../migrations/lifecycle/store.ts';
import { twoDatabases, type TwoDatabases } from '../../migrations/testing/two-databases.ts';
import { directTransport } from '../../migrations/transport/direct.ts';
import type { WriteNews } from '../../proxy/data-plane/canary/freshness.ts';
import { startProxy } from '../../proxy/data-plane/server.ts';
import { readConfig, type Config } from '../config/read.ts';
import { cookieKeysOf } from '../up/cookie-keys.ts';
import { JournalFeed } from '../up/feed.ts';
import { StoreFreshness } from '../up/freshness.ts';
import { proxyConfigOf } from '../up/proxy-config.ts';
import { SyncParts } from '../up/sync.ts';

const SILENT = pino({ level: 'silent' });
const PATIENCE_MS = 60_000;
/** Items with ids from 1 on. */
const ITEMS = 20;

/** One proxy as `strangler up` puts it together. */
export interface ProxyOfBed {
  url: string;
  freshness: StoreFreshness;
  /** Resolves once it has heard that so many writes at other proxies have ended. */
  hasHeardOfEnds(count: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * A migration with a monolith and a service, each a server with a real database; a real sync between them that can
 * be slowed down; and proxies. `GET /items/7` answers with the side and the quantity, `PUT /items/7?qty=5` sets it.
 */
export class CanaryBed {
  readonly databases: TwoDatabases;
  readonly store: ControlStore;
  private readonly config: Config;
  private readonly closers: (() => Promise<unknown>)[];
  private stage: Stage = 'legacy';
  private seq = 0;

  private constructor(
    databases: TwoDatabases,
    store: ControlStore,
    config: Config,
    closers: (() => Promise<unknown>)[],
  ) {
    this.databases = databases;
    this.store = store;
    this.config = config;
    this.closers = closers;
  }

  /** Starts everything but the proxies; the rows are copied and the stage is `canary`, all reads for the service. */
  static async start(): Promise<CanaryBed> {
    const databases = await twoDatabases();
    await databases.install();
    await databases.monolith.query(
      `INSERT INTO item (code, price, qty) SELECT 'code ' || n, n, 0 FROM generate_series(1, ${ITEMS}) n`,
    );
    const store = await ControlStore.open(databases.urls.control);
    const monolith = await serveSide('monolith', databases.urls.monolith, 'item SET qty', 'qty FROM item');
    const service = await serveSide(
      'service',
      databases.urls.service,
      'stock SET on_hand',
      'on_hand AS qty FROM (SELECT product_id AS id, on_hand FROM stock) stock',
    );
    const folder = await mkdtemp(join(tmpdir(), 'strangler-canary-'));
    const config = await configOf(folder, databases, monolith.url, service.url);
    const bed = new CanaryBed(databases, store, config, [
      () => rm(folder, { recursive: true, force: true }),
      () => monolith.close(),
      () => service.close(),
      () => databases.close(),
      () => store.close(),
    ]);
    await bed.move('dual-write');
    await bed.startSync();
    await until(async () => {
      const { rows } = await databases.service.query('SELECT FROM stock');
      return rows.length === ITEMS;
    });
    await bed.move('shadow');
    await bed.move('canary');
    return bed;
  }

  /** Starts a proxy beside those that run. */
  async startProxy(): Promise<ProxyOfBed> {
    const journal = await JournalFollower.start(this.store);
    const feed = await JournalFeed.start(this.store, journal, [{ name: 'catalog', isFenced: true }]);
    const freshness = new StoreFreshness(this.store, journal);
    let ends = 0;
    freshness.onNews((news: WriteNews | null) => void (ends += news?.mark ? 1 : 0));
    const proxy = await startProxy({
      config: proxyConfigOf(this.config),
      feed,
      freshness,
      cookieKeys: await cookieKeysOf(this.store, {}),
      logger: SILENT,
    });
    let isClosed = false;
    const close = async (): Promise<void> => {
      if (isClosed) return;
      isClosed = true;
      await proxy.close(0);
      await freshness.close();
      await feed.close();
      await journal.close();
    };
    this.closers.unshift(close);
    return { url: proxy.url, freshness, hasHeardOfEnds: (count) => until(() => ends >= count), close };
  }

  /** Starts a sync process's part; returns the way to stop it. */
  async startSync(): Promise<() => Promise<void>> {
    const journal = await JournalFollower.start(this.store);
    const sync = new SyncParts(
      this.store,
      journal,
      { byName: new Map([['catalog', this.databases.capability]]) },
      directTransport,
      SILENT,
    );
    sync.start();
    let isClosed = false;
    const close = async (): Promise<void> => {
      if (isClosed) return;
      isClosed = true;
      await sync.close();
      await journal.close();
    };
    this.closers.unshift(close);
    return close;
  }

  /** Journals a stage. */
  async move(to: Stage): Promise<void> {
    const decision = { kind: 'stage-changed', verb: 'canary', from: this.stage, to, weight: 100 } as const;
    const entry = { migration: 'catalog', decision, epoch: 0, actor: 'test', reason: null, evidence: null };
    this.seq = (await this.store.append(entry, this.seq)).seq;
    this.stage = to;
  }

  /** The service's tables can be read and not be written, so nothing is applied until the returned function ends. */
  async blockSync(): Promise<() => Promise<void>> {
    const blocker = await this.databases.connect('service');
    await blocker.query('BEGIN; LOCK TABLE product, stock IN SHARE MODE');
    return async () => void (await blocker.query('COMMIT'));
  }

  async close(): Promise<void> {
    for (const close of this.closers) await close();
  }
}

/** Waits until something is true that no event tells, for a bounded time. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > giveUpAt) throw new Error(`it did not become true: ${isTrue.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function configOf(
  folder: string,
  { urls, capability }: TwoDatabases,
  monolith: string,
  service: string,
): Promise<Config> {
  const file = join(folder, 'strangler.yaml');
  // JSON is YAML too.
  const text = JSON.stringify({
    version: 1,
    monolith: { url: monolith, database: urls.monolith },
    services: { catalog: { url: service, database: urls.service } },
    proxy: { listen: '127.0.0.1:0' },
    migrations: {
      catalog: {
        service: 'catalog',
        routes: ['GET,PUT /items/{id}'],
        tables: capability.pairs,
        shadow: { sample: 0 },
      },
    },
  });
  await writeFile(file, text);
  return readConfig(file, {});
}

async function serveSide(side: string, database: string, write: string, read: string) {
  const pool = new pg.Pool({ connectionString: database, application_name: randomBytes(4).toString('hex') });
  pool.on('error', () => undefined);
  const server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://side');
    const id = Number(pathname.split('/').at(-1));
    const answer = async (): Promise<object> => {
      if (request.method === 'PUT')
        await pool.query(`UPDATE ${write} = $2 WHERE id = $1`, [id, Number(searchParams.get('qty'))]);
      const { rows } = await pool.query<{ qty: number }>(`SELECT ${read} WHERE id = $1`, [id]);
      return { side, qty: rows[0]?.qty };
    };
    answer().then(
      (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
    },
  };
}
