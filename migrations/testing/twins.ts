import pg from 'pg';
import type { BackfillOptions } from '../backfill/backfill.ts';
import { backfill } from '../backfill/backfill.ts';
import { openDatabase } from '../databases/open.ts';
import type { CaptureKind, Database } from '../databases/database.ts';
import type { Side } from '../lifecycle/stages.ts';
import type { SyncedCapability } from '../lifecycle/capability.ts';
import { openSynced, streamFrom } from '../lifecycle/capability.ts';
import { workOf } from '../lifecycle/moves.ts';
import { tablePairSchema } from '../mapping/schema.ts';
import { relayOnce } from '../relay/relay.ts';
import type { Stream } from '../relay/stream.ts';
import { createDatabaseOf, dropMysqlDatabases, openSql } from './databases.ts';
import type { SqlSession, TextRow } from './databases.ts';
import type { Pairing } from './two-databases.ts';
import { noClient } from './two-databases.ts';

/** Two databases with tables of the same names, each column carried to the one of its name. */
export interface Twins {
  urls: { monolith: string; service: string };
  /** Only of a side whose database is PostgreSQL. */
  monolith: pg.Client;
  service: pg.Client;
  /** Runs plain SQL on a side, whichever database it has. */
  sql(side: Side, text: string): Promise<TextRow[]>;
  /** One more connection to a side, for such SQL. */
  open(side: Side): Promise<SqlSession>;
  databases: { monolith: Database; service: Database };
  synced: SyncedCapability;
  /** Monolith → service. */
  stream: Stream;
  catchUp(): Promise<void>;
  backfill(): Promise<void>;
  /** Fences the monolith, and lets the changes flow service → monolith; returns that stream. */
  turnRound(): Promise<Stream>;
  close(): Promise<void>;
}

/** What a test's tables are: in both databases the same, or one text for each. */
export interface Schema {
  monolith: string;
  service: string;
  tables: readonly string[];
  /** Columns of the following tables that nothing is carried to, by name. */
  unmapped?: readonly string[];
  /** Of both sides. */
  capture?: CaptureKind;
  /** Says that all values fit although the types do not promise it. */
  fits?: boolean;
  /** PostgreSQL on both sides unless it says otherwise. */
  pairing?: Pairing;
}

const EPOCH = 5;
/** Later than every epoch of a test. */
const REMOVED = 100n;
const NAME = 'twins';

/** @param schema with a text for both, `monolith` and `service` may be the same one */
export async function twins(schema: Schema): Promise<Twins> {
  const pairing: Pairing = schema.pairing ?? { monolith: 'postgres', service: 'postgres' };
  const [monolithUrl, serviceUrl] = await Promise.all([
    createDatabaseOf(pairing.monolith, schema.monolith),
    createDatabaseOf(pairing.service, schema.service),
  ]);
  const urls = { monolith: monolithUrl, service: serviceUrl };
  const clientOf = async (side: Side): Promise<pg.Client> =>
    pairing[side] === 'postgres' ? connect(urls[side]) : noClient(side);
  const [monolith, service] = await Promise.all([clientOf('monolith'), clientOf('service')]);
  const sessions: SqlSession[] = [];
  const open = async (side: Side): Promise<SqlSession> => {
    const session = await openSql(urls[side]);
    sessions.push(session);
    return session;
  };
  const plain = { monolith: await open('monolith'), service: await open('service') };
  const databases = {
    monolith: openDatabase(monolithUrl, 'monolith'),
    service: openDatabase(serviceUrl, 'service twins'),
  };
  const close = async (): Promise<void> => {
    // Slots are of the server and would keep its log for all the tests after this one.
    if (schema.capture === 'replication') {
      for (const side of [databases.monolith, databases.service])
        await side.remove(NAME, schema.tables, REMOVED);
    }
    const clients = [
      ...(pairing.monolith === 'postgres' ? [monolith] : []),
      ...(pairing.service === 'postgres' ? [service] : []),
    ];
    await Promise.all([...clients, ...sessions].map((one) => one.end()));
    await Promise.all([databases.monolith.close(), databases.service.close()]);
    await dropMysqlDatabases();
  };
  try {
    const synced = await openSynced({
      name: NAME,
      service: NAME,
      pairs: await Promise.all(schema.tables.map((table) => pairOf(databases.monolith, table, schema))),
      thresholds: { lagSeconds: 2, shadowSamples: 0, shadowMismatchPercent: 1, verifyMaxAgeMinutes: 60 },
      databases,
      probe: async () => [],
      compareContracts: async () => null,
    });
    if (!synced) throw new Error('twins have tables');
    await workOf('sync', 'legacy', true).run(synced, EPOCH);
    const stream = streamFrom(synced, 'monolith', EPOCH);
    const options: BackfillOptions = {
      observe: () => undefined,
      signal: new AbortController().signal,
    };
    return {
      ...{ monolith, service, databases, synced, stream, close },
      urls,
      sql: (side, text) => plain[side].sql(text),
      open,
      catchUp: async () => {
        while ((await relayOnce(stream)) > 0);
      },
      backfill: () => backfill(stream, options),
      turnRound: () => turnRound(synced, schema.tables),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function pairOf(
  database: Database,
  table: string,
  { unmapped = [], capture = 'trigger', fits }: Schema,
) {
  const { columns, primaryKey } = await database.describe(table);
  const same = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]));
  const fitting = (names: readonly string[]) =>
    Object.fromEntries(names.map((to) => [to, { to, fits: true }]));
  const others = [...columns.values()]
    .filter(({ name, generated }) => !generated && !primaryKey.includes(name) && !unmapped.includes(name))
    .map(({ name }) => name);
  return tablePairSchema.parse({
    ...{ from: table, to: table, key: same(primaryKey), columns: fits ? fitting(others) : same(others) },
    capture: { monolith: capture, service: capture },
  });
}

async function turnRound(synced: SyncedCapability, tables: readonly string[]): Promise<Stream> {
  const { monolith, service } = synced.databases;
  const next = BigInt(EPOCH + 1);
  await monolith.raiseFence(NAME, tables, next, 5000);
  while ((await relayOnce(streamFrom(synced, 'monolith', EPOCH))) > 0);
  await monolith.becomeFollower(NAME, next, service.label);
  await service.becomeOwner(NAME, tables, next, next);
  return streamFrom(synced, 'service', EPOCH + 1);
}
