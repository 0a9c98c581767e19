import { openDatabase } from '../../databases/open.ts';
import type { Capability, SyncedCapability } from '../../lifecycle/capability.ts';
import { openSynced, streamFrom } from '../../lifecycle/capability.ts';
import { relayOnce } from '../../relay/relay.ts';
import type { Stream } from '../../relay/stream.ts';
import type { Dialect, SqlSession, TextRow } from '../../testing/databases.ts';
import { createDatabaseOf, openSql } from '../../testing/databases.ts';
import type { TablePair } from '../schema.ts';
import { tablePairSchema } from '../schema.ts';
import type { Side } from '../side.ts';
import { otherSide } from '../side.ts';

/** Two databases with any tables, and any mapping between them. */
export interface Bed {
  capability: Capability;
  stream: Stream;
  synced: SyncedCapability;
  monolith: SqlSession;
  service: SqlSession;
  /** Makes `owner` the owner from the start; what is there already stays. */
  begin(owner: Side): Promise<Stream>;
  catchUp(): Promise<void>;
  parked(): Promise<string[]>;
}

const closing: (() => Promise<void>)[] = [];

/** For `afterEach`. */
export async function closeBeds(): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close();
}

export async function openBed(
  tables: Record<Side, string>,
  pairs: readonly unknown[],
  dialects: Record<Side, Dialect> = { monolith: 'postgres', service: 'postgres' },
  folder = '.',
): Promise<Bed> {
  const urls = {
    monolith: await createDatabaseOf(dialects.monolith, tables.monolith),
    service: await createDatabaseOf(dialects.service, tables.service),
  };
  const databases = {
    monolith: openDatabase(urls.monolith, 'monolith'),
    service: openDatabase(urls.service, 'service'),
  };
  closing.push(
    () => databases.monolith.close(),
    () => databases.service.close(),
  );
  const [monolith, service] = [await openSql(urls.monolith), await openSql(urls.service)];
  closing.push(
    () => monolith.end(),
    () => service.end(),
  );
  const capability: Capability = {
    name: 'm',
    service: 's',
    pairs: pairs.map((pair): TablePair => tablePairSchema.parse(pair)),
    folder,
    thresholds: { lagSeconds: 2, shadowSamples: 0, shadowMismatchPercent: 1, verifyMaxAgeMinutes: 60 },
    databases,
    probe: async () => [],
    compareContracts: async () => null,
  };
  const synced = await openSynced(capability);
  if (!synced) throw new Error('there are tables');
  let stream: Stream | null = null;
  let epoch = 0;
  return {
    capability,
    synced,
    get stream() {
      if (!stream) throw new Error('nothing has begun');
      return stream;
    },
    monolith,
    service,
    async begin(owner) {
      epoch++;
      const side = { epoch: BigInt(epoch), owner };
      const follower = otherSide(owner);
      const captured = {
        monolith: synced.mapping.toService.captured,
        service: synced.mapping.toMonolith.captured,
      };
      await databases[follower].install('m', captured[follower], { ...side, role: 'follower' });
      await databases[owner].install('m', captured[owner], { ...side, role: 'owner' });
      stream = streamFrom(synced, owner, epoch);
      return stream;
    },
    async catchUp() {
      if (stream) while ((await relayOnce(stream)) > 0);
    },
    parked: async () =>
      stream ? (await stream.target.parkedChanges('m', 10)).map((change) => change.reason) : [],
  };
}

export const rows = (session: SqlSession, table: string, order = 'id'): Promise<TextRow[]> =>
  session.sql(`SELECT * FROM ${table} ORDER BY ${order}`);
