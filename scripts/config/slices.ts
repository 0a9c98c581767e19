import type { RouteInput } from '../../proxy/routes/schema.ts';
import { segmentsOf } from '../../proxy/routes/route.ts';
import type { SliceKey } from '../../proxy/routes/slice-key.ts';
import type { Problem } from './problems.ts';
import type { MigrationData, WrittenConfig, ConfigData } from './schema.ts';

type Routes = MigrationData['routes'];
type Slices = NonNullable<MigrationData['slices']>;

/**
 * A migration that is moved in slices becomes one for each slice: the same tables, of which each has the rows of its keys,
 * and the same routes, of which each has the requests with its keys. All else that there is to a migration, there is to a
 * slice.
 */
export function withSlices(config: WrittenConfig): ConfigData {
  const migrations = Object.entries(config.migrations).flatMap(([name, migration]) =>
    migration.slices ? slicesOf(name, migration, migration.slices) : [[name, migration] as const],
  );
  return { ...config, migrations: Object.fromEntries(migrations) };
}

const sliceName = (migration: string, slice: string): string => `${migration}-${slice}`;

function slicesOf(
  name: string,
  { slices: _, ...migration }: MigrationData,
  slices: Slices,
): (readonly [string, MigrationData])[] {
  const { column, key } = slices;
  return Object.entries(slices.of).map(([slice, values], i) => {
    const routes = migration.routes.flatMap((route) => [
      ...values.map((value) => routeOfKey(route, key, value)),
      // One of them keeps what names no key.
      ...(i === 0 && !('path' in key) ? [keyless(route, key)] : []),
    ]);
    const tables = migration.tables.map((pair) => ({ ...pair, slice: { column, values } }));
    return [sliceName(name, slice), { ...migration, routes, tables, sliceOf: name }];
  });
}

/** A route as an object, however it was written. */
function spelled(route: RouteInput): Exclude<RouteInput, string> {
  if (typeof route !== 'string') return route;
  const blank = route.indexOf(' ');
  const methods = route.slice(0, blank).split(',');
  return { method: methods.length > 1 ? methods : (methods[0] ?? '*'), path: route.slice(blank + 1) };
}

function routeOfKey(route: RouteInput, key: Slices['key'], value: string): RouteInput {
  const plain = spelled(route);
  if ('header' in key) return { ...plain, headers: { ...plain.headers, [key.header.toLowerCase()]: value } };
  if ('query' in key) return { ...plain, query: { ...plain.query, [key.query]: value } };
  return { ...plain, path: plain.path.replace(`{${key.path}}`, value) };
}

function keyless(route: RouteInput, key: Exclude<Slices['key'], { path: string }>): RouteInput {
  const sliceKey: SliceKey =
    'header' in key ? { in: 'header', name: key.header.toLowerCase() } : { in: 'query', name: key.query };
  return { ...spelled(route), sliceKey };
}

/** What is wrong with slices, as they were written. */
export function sliceProblems({ migrations }: WrittenConfig): Problem[] {
  return Object.entries(migrations).flatMap(([name, { slices, routes }]) =>
    slices
      ? [
          ...nameProblems(name, slices, Object.keys(migrations)),
          ...valueProblems(name, slices),
          ...pathProblems(name, slices, routes),
        ]
      : [],
  );
}

const LONGEST_NAME = 40;

function nameProblems(name: string, { of }: Slices, others: readonly string[]): Problem[] {
  return Object.keys(of).flatMap((slice): Problem[] => {
    const own = sliceName(name, slice);
    const problem = (message: string): Problem[] => [
      { path: ['migrations', name, 'slices', 'of', slice], atKey: true, message },
    ];
    if (others.includes(own)) return problem(`there is a migration "${own}" already`);
    if (own.length <= LONGEST_NAME) return [];
    return problem(`"${own}", as this slice is called, has more than ${LONGEST_NAME} characters`);
  });
}

function valueProblems(name: string, { of }: Slices): Problem[] {
  const seen = new Map<string, string>();
  return Object.entries(of).flatMap(([slice, values]) =>
    values.flatMap((value, i): Problem[] => {
      const other = seen.get(value);
      seen.set(value, slice);
      if (other === undefined) return [];
      const message = `"${value}" is in slice "${other}" already; a row has one owner`;
      return [{ path: ['migrations', name, 'slices', 'of', slice, i], atKey: false, message }];
    }),
  );
}

/** A key in the path has to be a part of every route, and something that a segment can be. */
function pathProblems(name: string, { key, of }: Slices, routes: Routes): Problem[] {
  if (!('path' in key)) return [];
  const lacking = routes.flatMap((route, i): Problem[] => {
    const { path } = spelled(route);
    if (segmentsOf(path).includes(`{${key.path}}`)) return [];
    const message = `route "${path}" has no {${key.path}}, by which slices are told apart`;
    return [{ path: ['migrations', name, 'routes', i], atKey: false, message }];
  });
  const bad = Object.entries(of).flatMap(([slice, values]) =>
    values.flatMap((value, i): Problem[] => {
      if (/^[A-Za-z0-9._~@!$&'()+,=:-]+$/.test(value) && !/^\.\.?$/.test(value)) return [];
      const message = `"${value}" cannot be a segment of a path`;
      return [{ path: ['migrations', name, 'slices', 'of', slice, i], atKey: false, message }];
    }),
  );
  return [...lacking, ...bad];
}
