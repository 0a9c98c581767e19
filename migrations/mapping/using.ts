import { realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Row } from '../databases/database.ts';
import { ConversionError } from './convert.ts';
import type { Side } from './side.ts';
import { MappingError } from './problem.ts';
import type { TablePair } from './schema.ts';

/** A row of canonical texts in, columns of the other side out. */
export type MapRow = (row: Readonly<Row>) => Row | Promise<Row>;

/** What a mapping's module exports. */
export interface MappingModule {
  toService: MapRow;
  toMonolith: MapRow;
}

/**
 * Loads the functions that the pairs name, by pair. They run in our process with all its rights, so they have to lie
 * beside the configuration or below it, where who reviews the one sees the other.
 *
 * @param folder of the configuration
 * @throws MappingError
 */
export async function loadFunctions(
  pairs: readonly TablePair[],
  folder: string,
): Promise<ReadonlyMap<number, MappingModule>> {
  const loaded = new Map<number, MappingModule>();
  for (const [index, { using }] of pairs.entries()) {
    if (!using) continue;
    try {
      loaded.set(index, await load(using.file, folder));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new MappingError([{ path: [index, 'using', 'file'], message: `"${using.file}": ${why}` }]);
    }
  }
  return loaded;
}

async function load(file: string, folder: string): Promise<MappingModule> {
  const path = realpathSync(resolve(folder, file));
  const inside = relative(realpathSync(folder), path);
  if (inside.startsWith('..') || isAbsolute(inside)) {
    throw new Error(`lies outside the folder of the configuration, ${folder}; move it there`);
  }
  const module = (await import(pathToFileURL(path).href)) as Partial<MappingModule>;
  const { toService, toMonolith } = module;
  if (typeof toService !== 'function' || typeof toMonolith !== 'function') {
    throw new Error(
      'has to export two functions, `toService` and `toMonolith`: every mapping goes both ways',
    );
  }
  return { toService, toMonolith };
}

/**
 * Calls a mapping's function for one row. Whatever it throws makes the row inconvertible, with its message.
 *
 * @param columns what it has to give, and all that it may
 */
export async function callFor(
  module: MappingModule,
  to: Side,
  columns: readonly string[],
  row: Row,
): Promise<Row | ConversionError> {
  try {
    const given = await (to === 'service' ? module.toService(row) : module.toMonolith(row));
    const fault = faultIn(given, columns);
    return fault ? new ConversionError(JSON.stringify(given), fault) : given;
  } catch (error) {
    if (error instanceof ConversionError) return error;
    return new ConversionError(
      `to${to === 'service' ? 'Service' : 'Monolith'}`,
      `refused the row: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function faultIn(given: unknown, columns: readonly string[]): string | null {
  if (typeof given !== 'object' || given === null) return 'is what the function gave, and is no row';
  const values = given as Record<string, unknown>;
  const missing = columns.find((column) => values[column] === undefined);
  if (missing !== undefined) return `is what the function gave; it has no "${missing}"`;
  const foreign = Object.keys(values).find((column) => !columns.includes(column));
  if (foreign !== undefined) return `has "${foreign}", which \`using\` does not list`;
  const odd = columns.find((column) => values[column] !== null && typeof values[column] !== 'string');
  if (odd !== undefined) return `has a "${odd}" that is neither a text nor null`;
  // Half a character would silently become another one on its way to the database.
  const broken = columns.find((column) => {
    const value = values[column];
    return typeof value === 'string' && !value.isWellFormed();
  });
  return broken === undefined ? null : `has a "${broken}" with half a character (an unpaired surrogate)`;
}
