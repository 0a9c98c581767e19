import pg from 'pg';
import type { Database } from '../databases/database.ts';
import { openDatabase } from '../databases/open.ts';
import type { Capability } from '../lifecycle/capability.ts';
import { openSynced, streamFrom } from '../lifecycle/capability.ts';
import type { SyncedCapability } from '../lifecycle/capability.ts';
import { workOf } from '../lifecycle/moves.ts';
import type { Side } from '../lifecycle/stages.ts';
import { relayOnce } from '../relay/relay.ts';
import type { Stream } from '../relay/stream.ts';
import { tablePairSchema } from '../mapping/schema.ts';
import { createDatabaseOf, dropMysqlDatabases, openSql } from './databases.ts';
import type { Dialect, SqlSession, TextRow } from './databases.ts';
import { MONOLITH_TABLES, SERVICE_TABLES } from './shop-tables.ts';

export { createDatabase } from './databases.ts';

const PAIRS = [
  { from: 'maker', to: 'manufacturer', key: { id: 'id' }, columns: { nm: { to: 'name', fits: true } } },
  {
    from: 'item',
    to: 'product',
    key: { id: 'id' },
    columns: {
      code: { to: 'sku', fits: true },
      maker_id: 'manufacturer_id',
      price: { to: 'price_minor', convert: 'money', scale: 2, fits: true },
      stat: { to: 'state', convert: 'enum', values: { A: 'active', X: 'gone' } },
      seen: { to: 'seen_at', fits: true },
    },
  },
  { from: 'item', to: 'stock', key: { id: 'product_id' }, columns: { qty: 'on_hand' } },
].map((pair) => tablePairSchema.parse(pair));

/** A monolith's and a service's database of another shape, with the mapping between them, for tests. */
export interface TwoDatabases {
  urls: { monolith: string; service: string; control: string };
  /** Only of a side whose database is PostgreSQL. */
  monolith: pg.Client;
  service: pg.Client;
  /** Runs plain SQL on a side, whichever database it has. */
  sql(side: Side, text: string): Promise<TextRow[]>;
  /** One more connection to a side, for such SQL; closed with the rest. */
  open(side: Side): Promise<SqlSession>;
  databases: { monolith: Database; service: Database };
  capability: Capability;
  synced: SyncedCapability;
  /** Monolith → service at epoch 0. */
  stream: Stream;
  /** Installs capture and fence on both sides. */
  install(): Promise<void>;
  /** Relays until nothing is pending. */
  catchUp(): Promise<void>;
  /** Relays and purges until no change is kept; transactions anywhere on the test server may delay it. */
  purgeAll(): Promise<void>;
  /** One more connection to a side; closed with the rest. */
  connect(side: Side): Promise<pg.Client>;
  close(): Promise<void>;
}

export interface Pairing {
  monolith: Dialect;
  service: Dialect;
}

/** For `describe.each`: what has to hold in every pairing. */
export const PAIRINGS: readonly [name: string, pairing: Pairing][] = (['postgres', 'mysql'] as const).flatMap(
  (monolith) =>
    (['postgres', 'mysql'] as const).map((service): [string, Pairing] => [
      `${monolith} → ${service}`,
      { monolith, service },
    ]),
);

export async function twoDatabases(
  pairing: Pairing = { monolith: 'postgres', service: 'postgres' },
): Promise<TwoDatabases> {
  const [monolithUrl, serviceUrl, controlUrl] = await Promise.all([
    createDatabaseOf(pairing.monolith, MONOLITH_TABLES[pairing.monolith]),
    createDatabaseOf(pairing.service, SERVICE_TABLES[pairing.service]),
    createDatabaseOf('postgres', ''),
  ]);
  const urls = { monolith: monolithUrl, service: serviceUrl, control: controlUrl };
  const { sessions, connect, open } = sessionsTo(urls);
  const clientOf = async (side: Side): Promise<pg.Client> =>
    pairing[side] === 'postgres' ? connect(side) : noClient(side);
  const plain = { monolith: await open('monolith'), service: await open('service') };
  const databases = {
    monolith: openDatabase(urls.monolith, 'monolith'),
    service: openDatabase(urls.service, 'service catalog'),
  };
  const capability: Capability = {
    name: 'catalog',
    service: 'catalog',
    pairs: PAIRS,
    thresholds: { lagSeconds: 2, shadowSamples: 0, shadowMismatchPercent: 1, verifyMaxAgeMinutes: 60 },
    databases,
    probe: async () => [],
    compareContracts: async () => null,
  };
  const synced = await openSynced(capability);
  if (!synced) throw new Error('the test mapping has tables');
  const stream = streamFrom(synced, 'monolith', 0);
  return {
    urls,
    monolith: await clientOf('monolith'),
    service: await clientOf('service'),
    sql: (side, text) => plain[side].sql(text),
    open,
    databases,
    capability,
    synced,
    stream,
    install: () => workOf('sync', 'legacy', true).run(synced, 0),
    catchUp: async () => {
      while ((await relayOnce(stream)) > 0);
    },
    purgeAll: async () => {
      for (let kept = 1; kept > 0;) {
        await relayOnce(stream);
        const side = await databases.service.sideState('catalog');
        await databases.monolith.purge('catalog', side?.position ?? '');
        kept = (await databases.monolith.recentChanges('catalog', 1)).length;
      }
    },
    connect,
    close: async () => {
      await Promise.all([
        ...sessions.map((session) => session.end()),
        databases.monolith.close(),
        databases.service.close(),
      ]);
      await dropMysqlDatabases();
    },
  };
}

function sessionsTo(urls: Record<Side, string>): {
  sessions: { end(): Promise<void> }[];
  connect: (side: Side) => Promise<pg.Client>;
  open: (side: Side) => Promise<SqlSession>;
} {
  const sessions: { end(): Promise<void> }[] = [];
  return {
    sessions,
    async connect(side) {
      const client = new pg.Client({ connectionString: urls[side] });
      await client.connect();
      sessions.push(client);
      return client;
    },
    async open(side) {
      const session = await openSql(urls[side]);
      sessions.push(session);
      return session;
    },
  };
}

/** Tests that name `bed.monolith` or `bed.service` speak PostgreSQL; the others use `bed.sql`. */
export const noClient = (side: Side): pg.Client =>
  new Proxy({} as pg.Client, {
    get: (_, name) => {
      if (name === 'then') return undefined;
      throw new Error(`the ${side} of this bed is not PostgreSQL: use bed.sql('${side}', …)`);
    },
  });
