import { isDeepStrictEqual } from 'node:util';
import type { Database, TableInfo } from '../databases/database.ts';
import type { MigrationMapping } from '../mapping/mapping.ts';
import { compileMapping } from '../mapping/compile.ts';
import type { TablePair } from '../mapping/schema.ts';
import type { Stream } from '../relay/stream.ts';
import type { GateThresholds } from './gates.ts';
import type { Side } from './stages.ts';
import { otherSide } from './stages.ts';

/** One capability on its way out, with everything that its moves touch. The entry wires it. */
export interface Capability {
  name: string;
  service: string;
  pairs: readonly TablePair[];
  thresholds: GateThresholds;
  /** Null when the migration has no tables. */
  databases: Readonly<Record<Side, Database>> | null;
  /** Asks both applications whether they are there; one message for each that is not. */
  probe(): Promise<string[]>;
  /** Compares both contracts; null when there are no documents. */
  compareContracts(): Promise<{ breaking: string[] } | null>;
}

/** A capability with tables, its mapping checked against both catalogs. */
export interface SyncedCapability {
  name: string;
  databases: Readonly<Record<Side, Database>>;
  mapping: MigrationMapping;
}

/**
 * Reads both catalogs and compiles the mapping; null when the migration has no tables.
 *
 * @throws MappingError, UnknownTableError, UnreachableDatabaseError
 */
export async function openSynced(capability: Capability): Promise<SyncedCapability | null> {
  const { databases, pairs, name } = capability;
  if (!databases || pairs.length === 0) return null;
  const [monolith, service] = await Promise.all([
    describeAll(
      databases.monolith,
      pairs.map((pair) => pair.from),
    ),
    describeAll(
      databases.service,
      pairs.map((pair) => pair.to),
    ),
  ]);
  return { name, databases, mapping: compileMapping(pairs, monolith, service) };
}

/** Whether both stand on the same service, tables and databases; everything else may change under way. */
export function isSameGround(a: Capability, b: Capability | undefined): boolean {
  return (
    a.service === b?.service &&
    isDeepStrictEqual(a.pairs, b.pairs) &&
    a.databases?.monolith === b.databases?.monolith &&
    a.databases?.service === b.databases?.service
  );
}

/** The changes that flow from `owner` to the other side during `epoch`. */
export function streamFrom(synced: SyncedCapability, owner: Side, epoch: number): Stream {
  const { name, databases, mapping } = synced;
  return {
    migration: name,
    epoch: BigInt(epoch),
    source: databases[owner],
    target: databases[otherSide(owner)],
    mapping: owner === 'monolith' ? mapping.toService : mapping.toMonolith,
  };
}

/** The migrated tables of one side. */
export function tablesOf(synced: SyncedCapability, side: Side): string[] {
  const { mapping } = synced;
  return (side === 'monolith' ? mapping.toService : mapping.toMonolith).captured.map((table) => table.name);
}

async function describeAll(database: Database, names: readonly string[]): Promise<Map<string, TableInfo>> {
  const unique = [...new Set(names)];
  const infos = await Promise.all(unique.map((name) => database.describe(name)));
  return new Map(infos.map((info) => [info.name, info]));
}
