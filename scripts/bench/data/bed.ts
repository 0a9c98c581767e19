import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../../migrations/databases/embedded.ts';
import type { Database } from '../../../migrations/databases/database.ts';
import { openDatabase } from '../../../migrations/databases/open.ts';
import type { SyncedCapability } from '../../../migrations/lifecycle/capability.ts';
import { openSynced, streamFrom } from '../../../migrations/lifecycle/capability.ts';
import { workOf } from '../../../migrations/lifecycle/moves.ts';
import { tablePairSchema } from '../../../migrations/mapping/schema.ts';
import type { Stream } from '../../../migrations/relay/stream.ts';

/**
 * A server of its own, with the settings that logical replication, the peer, needs; all else as it comes: a commit waits
 * until it is on the disk.
 */
export interface Server {
  /** Where its data are. */
  folder: string;
  database(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** Two databases with one table each, and the stream between them. */
export interface Bed {
  urls: { monolith: string; service: string };
  monolith: pg.Client;
  service: pg.Client;
  synced: SyncedCapability;
  stream: Stream;
  /** Puts capture, fence and bookkeeping in place. */
  install(): Promise<void>;
  /** Removes it again; a slot would keep the server from ending. */
  uninstall(): Promise<void>;
  close(): Promise<void>;
}

/** As wide as a table of a shop, with one index besides the key. */
const TABLE = (name: string): string => `
  CREATE TABLE ${name} (
    id bigint PRIMARY KEY, code varchar(20) NOT NULL, price numeric(12,2) NOT NULL, qty integer NOT NULL,
    seen timestamptz NOT NULL, note text);
  CREATE INDEX ON ${name} (code);`;

/** What a server is told so that a commit costs next to nothing. */
export const WITHOUT_DISK: readonly string[] = ['fsync=off', 'synchronous_commit=off'];

/** @param more settings of this server, such as `fsync=off` */
export async function startServer(more: readonly string[] = []): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'strangler-bench-'));
  // As root, the server runs as a user of its own, who has to get in.
  await chmod(folder, 0o755);
  const flags = ['wal_level=logical', 'max_wal_size=4GB', 'max_connections=100', ...more];
  const server = await startEmbedded(
    join(folder, 'data'),
    flags.flatMap((flag) => ['-c', flag]),
  );
  return {
    folder,
    database: (name) => server.database(name),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

let beds = 0;

/**
 * @param rows how many the monolith has at the beginning
 * @param capture how its changes are seen
 */
export async function openBed(
  server: Server,
  rows: number,
  capture: 'trigger' | 'replication' = 'trigger',
): Promise<Bed> {
  const name = `bench_${(beds += 1)}`;
  const urls = {
    monolith: await server.database(`${name}_monolith`),
    service: await server.database(`${name}_service`),
  };
  const monolith = await connect(urls.monolith);
  const service = await connect(urls.service);
  await monolith.query(TABLE('item'));
  await service.query(TABLE('product'));
  await monolith.query(
    `INSERT INTO item SELECT n, 'code-' || n % 1000, n % 10000 / 100.0, n % 50, now() - n * interval '1 s', 'row ' || n
     FROM generate_series(1, $1::int) n`,
    [rows],
  );
  await monolith.query('VACUUM ANALYZE item');
  const databases = {
    monolith: openDatabase(urls.monolith, 'monolith'),
    service: openDatabase(urls.service, 'service'),
  };
  const columns = { code: 'code', price: 'price', qty: 'qty', seen: 'seen', note: 'note' };
  const synced = await syncOf(databases, {
    ...{ from: 'item', to: 'product', key: { id: 'id' }, columns },
    capture: { monolith: capture, service: 'trigger' },
  });
  return {
    urls,
    monolith,
    service,
    synced,
    stream: streamFrom(synced, 'monolith', 1),
    install: () => workOf('sync', 'legacy', true).run(synced, 1),
    uninstall: () => workOf('rollback', 'dual-write', true).run(synced, 1),
    close: async () => {
      await Promise.all([
        monolith.end(),
        service.end(),
        databases.monolith.close(),
        databases.service.close(),
      ]);
    },
  };
}

/** The sync of two databases with one pair of tables, as it stands in a configuration. */
export async function syncOf(
  databases: Record<'monolith' | 'service', Database>,
  pair: object,
): Promise<SyncedCapability> {
  const synced = await openSynced({
    name: 'bench',
    service: 'bench',
    pairs: [tablePairSchema.parse(pair)],
    thresholds: { lagSeconds: 2, shadowSamples: 0, shadowMismatchPercent: 1, verifyMaxAgeMinutes: 60 },
    databases,
    probe: async () => [],
    compareContracts: async () => null,
  });
  if (!synced) throw new Error('the mapping of the benchmark has tables');
  return synced;
}

export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // When a benchmark fails, its server is stopped under it; what failed is to be seen, not that.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
