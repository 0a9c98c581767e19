import { resolve } from 'node:path';
import { tracesWanted } from '../../proxy/data-plane/observe/traces/trace-settings.ts';
import type { DataPlaneConfig } from '../../proxy/data-plane/server.ts';
import { buildRouteTable } from '../../proxy/routes/table.ts';
import type { Config } from '../config/read.ts';
import { routesOf } from '../config/read.ts';

/** What of strangler.yaml the data plane works by. */
export function proxyConfigOf(config: Config): DataPlaneConfig {
  const migrations = Object.entries(config.migrations).map(
    ([name, { shadow, guardrails, canary, tables }]) =>
      [name, { shadow, armsWindowMs: guardrails.window, canary, isSynced: tables.length > 0 }] as const,
  );
  return {
    table: buildRouteTable(routesOf(config)),
    proxy: withPaths(config),
    traces: tracesWanted(config.proxy.traces, process.env),
    canary: config.canary,
    upstreams: { monolith: config.monolith, services: config.services },
    upstreamHosts: upstreamHostsOf(config),
    migrations: Object.fromEntries(migrations),
  };
}

/** Files are meant from the folder of strangler.yaml, wherever the proxy runs. */
function withPaths({ proxy, folder }: Config): DataPlaneConfig['proxy'] {
  const { accessLog } = proxy;
  if (!accessLog || accessLog.to === 'stdout' || accessLog.to === 'stderr') return proxy;
  return { ...proxy, accessLog: { ...accessLog, to: resolve(folder, accessLog.to) } };
}

function upstreamHostsOf({ monolith, services }: Config): DataPlaneConfig['upstreamHosts'] {
  const hosts = Object.entries(services).map(([name, { upstreamHost }]) => [name, upstreamHost] as const);
  return { monolith: monolith.upstreamHost, services: Object.fromEntries(hosts) };
}
