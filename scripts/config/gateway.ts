import { isDeepStrictEqual } from 'node:util';
import type { RouteDuties } from '../../proxy/data-plane/admit/duties-schema.ts';
import type { Path } from './locate.ts';
import type { Problem } from './problems.ts';
import type { ConfigData } from './schema.ts';

/** What is asked of a gateway in one place and missing in another: it would look guarded and not be. */
export function gatewayProblems(config: ConfigData): Problem[] {
  return [...(config.proxy.jwt ? [] : demandsWithoutTokens(config)), ...tlsProblems(config)];
}

function demandsWithoutTokens({ proxy, migrations }: ConfigData): Problem[] {
  const places: Path[] = Object.entries(migrations).flatMap(([name, migration]) => {
    const own = demandsIn(migration).map((key): Path => ['migrations', name, key]);
    const ofRoutes = migration.routes.flatMap((route, at) =>
      typeof route === 'string'
        ? []
        : demandsIn(route).map((key): Path => ['migrations', name, 'routes', at, key]),
    );
    return [...own, ...ofRoutes];
  });
  const limits = proxy.rateLimits.flatMap(({ by }, at): Path[] =>
    typeof by === 'object' && 'jwt' in by ? [['proxy', 'rateLimits', at, 'by', 'jwt']] : [],
  );
  return [...places, ...limits].map((path) => ({
    path,
    atKey: true,
    message: `${path.map(String).join('.')} needs proxy.jwt: without it no token is ever checked`,
  }));
}

function demandsIn({ auth, scopes }: RouteDuties): string[] {
  return [...(auth === undefined || auth === 'none' ? [] : ['auth']), ...(scopes?.length ? ['scopes'] : [])];
}

function tlsProblems({ monolith, services }: ConfigData): Problem[] {
  const sides = [
    { path: ['monolith'] as Path, side: monolith },
    ...Object.entries(services).map(([name, side]) => ({ path: ['services', name] as Path, side })),
  ];
  const seen = new Map<string, (typeof sides)[number]>();
  return sides.flatMap((each) =>
    [each.side.url].flat().flatMap((text): Problem[] => {
      const { protocol, host } = new URL(text);
      const problem = (message: string): Problem[] => [{ path: [...each.path, 'tls'], atKey: true, message }];
      if (protocol !== 'https:') {
        return each.side.tls ? problem(`tls has no effect on ${text}; write https`) : [];
      }
      const other = seen.get(host);
      seen.set(host, each);
      if (!other || isDeepStrictEqual(other.side.tls, each.side.tls)) return [];
      return problem(
        `${host} belongs to ${other.path.join('.')} too, with another tls; connections are shared`,
      );
    }),
  );
}
