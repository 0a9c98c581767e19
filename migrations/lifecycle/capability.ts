import { isDeepStrictEqual } from 'node:util';
import type { BackfillSettings } from '../backfill/schema.ts';
import type { VerifySettings } from '../verify/schema.ts';
import type { Database, TableInfo } from '../databases/database.ts';
import type { MigrationMapping } from '../mapping/mapping.ts';
import { compileMapping } from '../mapping/compile.ts';
import { homesOf, keySpacesIn } from '../mapping/key-spaces.ts';
import type { TablePair } from '../mapping/schema.ts';
import { loadFunctions } from '../mapping/using.ts';
import type { Stream } from '../relay/stream.ts';
import type { ComparedContracts } from './contract.ts';
import type { GateThresholds } from './gates.ts';
import type { Side, Stage } from './stages.ts';
import { isSynced, otherSide } from './stages.ts';

/** One capability on its way out, with everything that its moves touch. The entry wires it. */
export interface Capability {
  name: string;
  service: string;
  pairs: readonly TablePair[];
  /** Method and path of each of its routes, for people; none when left out. */
  routes?: readonly string[];
  /** Of the configuration: functions of the mapping lie there. Needed only where there are any. */
  folder?: string;
  thresholds: GateThresholds;
  /** Migrations that are cut over before this one. */
  after?: readonly string[];
  /** All that move together, itself among them, in one order for all of them; it moves alone when left out. */
  together?: readonly string[];
  /** When a comparison begins by itself; never when left out. */
  verify?: VerifySettings;
  /** How hard the copy of existing rows may press; the defaults when left out. */
  backfill?: BackfillSettings;
  /** Of log that a replication slot keeps; above it, status and log say so. */
  slotWarnMegabytes?: number;
  /** Null when the migration has no tables. */
  databases: Readonly<Record<Side, Database>> | null;
  /** Asks both applications whether they are there; one message for each that is not. */
  probe(): Promise<string[]>;
  /** Compares both contracts; null when there are no documents. */
  compareContracts(): Promise<ComparedContracts | null>;
}

/** Where a capability with tables stands: all that fencing and taking over need, and known without asking anybody. */
export interface Ground {
  name: string;
  databases: Readonly<Record<Side, Database>>;
  tables: Readonly<Record<Side, readonly string[]>>;
}

/** A capability with tables, its mapping checked against both catalogs. */
export interface SyncedCapability extends Ground {
  mapping: MigrationMapping;
}

/** Null when the migration has no tables. Asks no database: one that is away must not keep another from being freed. */
export function groundOf({ name, databases, pairs }: Capability): Ground | null {
  if (!databases || pairs.length === 0) return null;
  const unique = (names: readonly string[]): string[] => [...new Set(names)];
  const tables = {
    monolith: unique(pairs.map((pair) => pair.from)),
    service: unique(pairs.map((pair) => pair.to)),
  };
  return { name, databases, tables };
}

/**
 * Reads both catalogs and compiles the mapping; null when the migration has no tables.
 *
 * @param stage where the migration stands: what types do not promise is refused before a sync begins, later only the
 * values that do not fit: no change of a schema may keep a migration from going back
 * @throws MappingError, UnknownTableError, UnreachableDatabaseError
 */
export async function openSynced(
  capability: Capability,
  stage: Stage = 'legacy',
): Promise<SyncedCapability | null> {
  const ground = groundOf(capability);
  if (!ground) return null;
  const { pairs, folder = '.' } = capability;
  const [functions, monolith, service] = await Promise.all([
    loadFunctions(pairs, folder),
    describeAll(ground.databases.monolith, ground.tables.monolith),
    describeAll(ground.databases.service, ground.tables.service),
  ]);
  const keys = keySpacesIn(ground.databases.monolith, homesOf(pairs));
  const means = { keys, functions, bearsRisks: isSynced(stage) };
  return { ...ground, mapping: compileMapping(pairs, monolith, service, means) };
}

/** Whether both stand on the same service, tables and databases; everything else may change under way. */
export function isSameGround(a: Capability, b: Capability | undefined): boolean {
  return (
    a.service === b?.service &&
    isDeepStrictEqual(a.pairs, b.pairs) &&
    isDeepStrictEqual(a.together, b.together) &&
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

async function describeAll(database: Database, names: readonly string[]): Promise<Map<string, TableInfo>> {
  const infos = await Promise.all(names.map((name) => database.describe(name)));
  return new Map(infos.map((info) => [info.name, info]));
}
