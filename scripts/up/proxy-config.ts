import type { DataPlaneConfig } from '../../proxy/data-plane/server.ts';
import { buildRouteTable } from '../../proxy/routes/table.ts';
import type { Config } from '../config/read.ts';
import { routesOf } from '../config/read.ts';

/** What of strangler.yaml the data plane works by. */
export function proxyConfigOf(config: Config): DataPlaneConfig {
  const services = Object.entries(config.services).map(([name, { url }]) => [name, url] as const);
  const migrations = Object.entries(config.migrations).map(
    ([name, { shadow, guardrails }]) => [name, { shadow, armsWindowMs: guardrails.window }] as const,
  );
  return {
    table: buildRouteTable(routesOf(config)),
    proxy: config.proxy,
    canary: config.canary,
    upstreams: { monolith: config.monolith.url, services: Object.fromEntries(services) },
    migrations: Object.fromEntries(migrations),
  };
}
