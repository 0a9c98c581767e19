import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { circleIn } from '../../migrations/lifecycle/precedence.ts';
import { RouteError } from '../../proxy/routes/route.ts';
import { buildRouteTable } from '../../proxy/routes/table.ts';
import { expandEnvironment } from './environment.ts';
import { gatewayProblems } from './gateway.ts';
import type { Path } from './locate.ts';
import { locate } from './locate.ts';
import type { Problem } from './problems.ts';
import { ConfigError, problemsOf } from './problems.ts';
import type { ConfigData } from './schema.ts';
import { configSchema } from './schema.ts';
import { sliceProblems, withSlices } from './slices.ts';
import { orderOfGroups, sharedTables, togetherProblems } from './together.ts';

/** A configuration that was read and found valid. */
export interface Config extends ConfigData {
  /** Absolute path of the file. */
  file: string;
  /** Folder of the file: relative paths inside it start here. */
  folder: string;
  /** The file as it was read. */
  text: string;
  /** `file:line:column` of a value or of its key, for messages about it. */
  whereIs(path: Path, atKey?: boolean): string;
}

/**
 * Reads and validates strangler.yaml.
 *
 * @param text what stands in it, when that was read already
 * @throws ConfigError with a line `file:line:column message` for each problem
 */
export function readConfig(
  file: string,
  environment: NodeJS.ProcessEnv = process.env,
  text: string | null = null,
): Config {
  const shown = relative('.', file) || file;
  const lines = new LineCounter();
  const written = text ?? readText(file, shown);
  const document = parseDocument(written, { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ pos, message }) => {
        const { line, col } = lines.linePos(pos[0]);
        return `${shown}:${line}:${col} ${message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}`;
      }),
    );
  }
  const place = (path: Path, atKey: boolean): string => {
    const { line, column } = locate(document, lines, path, atKey);
    return `${shown}:${line}:${column}`;
  };
  let read: ConfigData | null = null;
  const fail = (problems: readonly Problem[]): never => {
    throw new ConfigError(
      problems.map(({ path, atKey, message }) => `${place(asWritten(read, path), atKey)} ${message}`),
    );
  };
  const { value, problems } = expandEnvironment(document.toJS() as unknown, environment);
  if (problems.length > 0) fail(problems);
  const parsed = configSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) return fail(problemsOf(parsed.error, knownKeys));
  const unsliceable = sliceProblems(parsed.data);
  if (unsliceable.length > 0) fail(unsliceable);
  const data = withSlices(parsed.data);
  read = data;
  const inconsistent = problemsBetweenParts(data);
  if (inconsistent.length > 0) fail(inconsistent);
  return {
    ...data,
    file: resolve(file),
    folder: dirname(resolve(file)),
    text: written,
    // Of a slice the file knows only the migration.
    whereIs: (path, atKey = false) => place(asWritten(data, path), atKey),
  };
}

/** The place of what belongs to a slice is that of its migration. */
function asWritten(config: ConfigData | null, path: Path): Path {
  const [part, name, ...rest] = path;
  const whole = part === 'migrations' ? config?.migrations[String(name)]?.sliceOf : undefined;
  return whole === undefined ? path : ['migrations', whole, ...rest];
}

function readText(file: string, shown: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
    throw new ConfigError([`${shown}: ${why}; name another one with --config`]);
  }
}

/** What a schema cannot say: references between the parts. */
function problemsBetweenParts(config: ConfigData): Problem[] {
  const problems: Problem[] = [];
  const services = Object.keys(config.services);
  for (const [name, migration] of Object.entries(config.migrations)) {
    const service = config.services[migration.service];
    if (!service) {
      problems.push({
        path: ['migrations', name, 'service'],
        atKey: false,
        message: `there is no service "${migration.service}"; services: ${services.join(', ') || 'none'}`,
      });
    }
    if (migration.tables.length === 0) continue;
    for (const [path, part] of [
      [['monolith'], config.monolith],
      [['services', migration.service], service],
    ] as const) {
      if (part && !part.database) {
        problems.push({
          path,
          atKey: false,
          message: `migration "${name}" has tables, so ${path.join('.')} needs a database`,
        });
      }
    }
  }
  return [
    ...problems,
    ...sharedTables(config),
    ...togetherProblems(config),
    ...orderProblems(config),
    ...routeProblems(config),
    ...gatewayProblems(config),
  ];
}

/** What a migration comes after must be there, and must not come after it. */
function orderProblems(config: ConfigData): Problem[] {
  const { migrations } = config;
  const unknown = Object.entries(migrations).flatMap(([name, { after }]) =>
    after.flatMap((other, i) => {
      if (other in migrations) return [];
      const message = `there is no migration "${other}"; there are ${Object.keys(migrations).join(', ')}`;
      return [{ path: ['migrations', name, 'after', i], atKey: false, message }];
    }),
  );
  const circle = circleIn(orderOfGroups(config));
  if (!circle) return unknown;
  const message = `${circle.join(' comes after ')}: none of them could ever be the first`;
  return [...unknown, { path: ['migrations', circle[0] ?? '', 'after'], atKey: true, message }];
}

function routeProblems(config: ConfigData): Problem[] {
  try {
    buildRouteTable(routesOf(config));
    return [];
  } catch (error) {
    if (!(error instanceof RouteError)) throw error;
    const [first] = error.migrations;
    return [{ path: ['migrations', first ?? '', 'routes'], atKey: true, message: error.message }];
  }
}

/** What the route table is built from. */
export function routesOf(config: ConfigData): Parameters<typeof buildRouteTable>[0] {
  return Object.entries(config.migrations).map(([migration, { service, routes }]) => ({
    migration,
    service,
    routes,
  }));
}

/** The keys that the schema knows at a path, read from its JSON Schema. */
function knownKeys(path: Path): string[] {
  interface Shape {
    properties?: Record<string, Shape>;
    additionalProperties?: Shape | boolean;
    items?: Shape;
    anyOf?: Shape[];
  }
  let shapes = [z.toJSONSchema(configSchema, { io: 'input' }) as Shape];
  const alternatives = (shape: Shape): Shape[] => [shape, ...(shape.anyOf ?? []).flatMap(alternatives)];
  for (const step of path) {
    shapes = shapes.flatMap(alternatives).flatMap((shape) => {
      const named = shape.properties?.[String(step)];
      const any = typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined;
      const next = typeof step === 'number' ? shape.items : (named ?? any);
      return next ? [next] : [];
    });
  }
  return shapes.flatMap(alternatives).flatMap((shape) => Object.keys(shape.properties ?? {}));
}
