import { resolve } from 'node:path';
import type { Database } from '../../migrations/databases/database.ts';
import { openDatabase } from '../../migrations/databases/open.ts';
import { differences } from '../../migrations/contracts/compare.ts';
import { readContract } from '../../migrations/contracts/document.ts';
import type { ComparedContracts } from '../../migrations/lifecycle/contract.ts';
import { MappingError } from '../../migrations/mapping/compile.ts';
import type { Capability } from '../../migrations/lifecycle/capability.ts';
import type { Side } from '../../migrations/lifecycle/stages.ts';
import { buildRouteTable } from '../../proxy/routes/table.ts';
import type { Config } from '../config/read.ts';
import { routesOf } from '../config/read.ts';
import { carriedBy, groupIn } from '../config/together.ts';
import { upstreamTlsIn } from './file-paths.ts';
import { probe } from './probe.ts';

/** Everything that the configuration names, ready to be moved. */
export interface Capabilities {
  /** Replaced whole with each new configuration. */
  readonly byName: ReadonlyMap<string, Capability>;
  /** What is open stays open: a move that is under way may be at work with it. */
  reconfigure(config: Config): void;
  close(): Promise<void>;
}

/** Opens what the configuration names. Nothing is connected before it is needed. */
export function openCapabilities(config: Config): Capabilities {
  const opened = new Map<string, Database>();
  const open = (label: string, url: string): Database => {
    const known = opened.get(`${label} ${url}`) ?? openDatabase(url, label);
    opened.set(`${label} ${url}`, known);
    return known;
  };
  const read = (from: Config): ReadonlyMap<string, Capability> =>
    new Map(Object.keys(from.migrations).map((name) => [name, capabilityOf(from, name, open)]));
  let byName = read(config);
  return {
    get byName() {
      return byName;
    },
    reconfigure: (next) => void (byName = read(next)),
    close: async () => {
      await Promise.all([...opened.values()].map((database) => database.close()));
    },
  };
}

function capabilityOf(
  config: Config,
  name: string,
  open: (label: string, url: string) => Database,
): Capability {
  const { service, after, gates, backfill, verify, slotWarnMegabytes } =
    config.migrations[name] ?? missing(name);
  const tables = carriedBy(config, name);
  const group = groupIn(config, name);
  const application = config.services[service] ?? missing(service);
  const urls = { monolith: config.monolith.database, service: application.database };
  let databases: Readonly<Record<Side, Database>> | null = null;
  if (tables.length > 0 && urls.monolith && urls.service) {
    databases = {
      monolith: open('monolith', urls.monolith),
      service: open(`service ${service}`, urls.service),
    };
  }
  return {
    name,
    service,
    pairs: tables,
    after,
    ...(group.length > 1 ? { together: group } : {}),
    folder: config.folder,
    routes: routesInWords(config, name),
    thresholds: { ...gates, retireQuietMs: gates.retire.quietFor },
    backfill,
    verify,
    slotWarnMegabytes,
    databases,
    probe: async () => {
      const sides = [
        { label: 'monolith', ...config.monolith },
        { label: `service ${service}`, ...application },
      ].flatMap(({ label, url, health, tls }) => {
        const secured = tls && upstreamTlsIn(config.folder, tls);
        return [url].flat().map((each) => ({ label, url: each, health, tls: secured }));
      });
      const found = await Promise.all(sides.map(probe));
      return found.filter((problem) => problem !== null);
    },
    compareContracts: () => compareContracts(config, name, application.openapi),
  };
}

function routesInWords(config: Config, name: string): string[] {
  const { routes } = buildRouteTable(routesOf(config));
  return routes
    .filter(({ migration }) => migration === name)
    .map(({ method, host, path }) => `${method} ${host ?? ''}${path}`);
}

async function compareContracts(
  config: Config,
  name: string,
  serviceFile: string | undefined,
): Promise<ComparedContracts | null> {
  const monolithFile = config.monolith.openapi;
  if (!monolithFile || !serviceFile) return null;
  const [old, next] = await Promise.all([
    readContract(resolve(config.folder, monolithFile)),
    readContract(resolve(config.folder, serviceFile)),
  ]);
  const { routes } = buildRouteTable(routesOf(config));
  const own = routes.filter((route) => route.migration === name);
  const found = Map.groupBy(differences(old, next, own), ({ severity }) => severity);
  const linesOf = (severity: 'breaking' | 'warning'): string[] =>
    (found.get(severity) ?? []).map(({ message }) => message);
  return { breaking: linesOf('breaking'), warnings: linesOf('warning') };
}

/** Puts file, line and column in front of what the databases say about a mapping. */
export function locateMappingProblems(config: Config, migration: string, error: unknown): string | null {
  if (!(error instanceof MappingError)) return null;
  const all: readonly unknown[] = config.migrations[migration]?.tables ?? [];
  const own = carriedBy(config, migration);
  return error.problems
    .map(({ path: [index, ...path], message }) => {
      const at = typeof index === 'number' ? all.indexOf(own[index]) : index;
      const within = at === undefined ? [] : [at, ...path];
      return `${config.whereIs(['migrations', migration, 'tables', ...within])} ${message}`;
    })
    .join('\n');
}

function missing(what: string): never {
  throw new Error(`the configuration was validated, and yet has no "${what}"`);
}
