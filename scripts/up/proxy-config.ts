import { resolve } from 'node:path';
import { splitAddress, withPort } from '../../proxy/data-plane/lane/listen-address.ts';
import { tracesWanted } from '../../proxy/data-plane/observe/traces/trace-settings.ts';
import type { DataPlaneConfig } from '../../proxy/data-plane/server.ts';
import { buildRouteTable } from '../../proxy/routes/table.ts';
import type { Config } from '../config/read.ts';
import { routesOf } from '../config/read.ts';
import { documentedOperations, readingOnce } from './deprecations.ts';
import { frontTlsIn, jwksIn, upstreamTlsIn } from './file-paths.ts';

/**
 * What of strangler.yaml, and of the documents that it names, the data plane works by.
 *
 * @param complain told of what is left out because it is of no use
 */
export function proxyConfigOf(
  config: Config,
  complain: (message: string) => void = () => undefined,
): DataPlaneConfig {
  const read = readingOnce(complain);
  const migrations = Object.entries(config.migrations).map(
    ([name, { shadow, guardrails, canary, tables, auth, scopes, deprecated }]) => {
      const isSynced = tables.length > 0;
      const operations = documentedOperations(config, name, read);
      const duties = { auth, scopes, deprecated, operations };
      return [name, { shadow, armsWindowMs: guardrails.window, canary, isSynced, ...duties }] as const;
    },
  );
  return {
    table: buildRouteTable(routesOf(config)),
    proxy: withPaths(config),
    traces: tracesWanted(config.proxy.traces, process.env),
    canary: config.canary,
    upstreams: upstreamsOf(config),
    upstreamHosts: upstreamHostsOf(config),
    migrations: Object.fromEntries(migrations),
  };
}

/** What one of the processes that share the port works by: each shows its own metrics, on a port of its own. */
export function ofProcess(config: DataPlaneConfig, number: number): DataPlaneConfig {
  const { metrics } = config.proxy;
  if (!metrics || number === 1) return config;
  const { port } = splitAddress(metrics.listen);
  const listen = port === 0 ? metrics.listen : withPort(metrics.listen, port + number - 1);
  return { ...config, proxy: { ...config.proxy, metrics: { ...metrics, listen } } };
}

/** Files are meant from the folder of strangler.yaml, wherever the proxy runs. */
function withPaths({ proxy, folder }: Config): DataPlaneConfig['proxy'] {
  const { accessLog, tls, jwt } = proxy;
  const isFile = accessLog && accessLog.to !== 'stdout' && accessLog.to !== 'stderr';
  return {
    ...proxy,
    accessLog: isFile ? { ...accessLog, to: resolve(folder, accessLog.to) } : accessLog,
    tls: tls && frontTlsIn(folder, tls),
    jwt: jwt && { ...jwt, jwks: jwksIn(folder, jwt.jwks) },
  };
}

function upstreamsOf({ monolith, services, folder }: Config): DataPlaneConfig['upstreams'] {
  const secured = <Side extends Config['monolith'] | Config['services'][string]>(side: Side): Side => {
    return side.tls ? { ...side, tls: upstreamTlsIn(folder, side.tls) } : side;
  };
  const entries = Object.entries(services).map(([name, side]) => [name, secured(side)] as const);
  return { monolith: secured(monolith), services: Object.fromEntries(entries) };
}

function upstreamHostsOf({ monolith, services }: Config): DataPlaneConfig['upstreamHosts'] {
  const hosts = Object.entries(services).map(([name, { upstreamHost }]) => [name, upstreamHost] as const);
  return { monolith: monolith.upstreamHost, services: Object.fromEntries(hosts) };
}
