import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Dialect, SideName } from './sides.ts';

export interface TortureOptions {
  seconds: number;
  seed: string;
  transport: 'direct' | 'rabbitmq';
  capture: 'trigger' | 'replication';
  /** What each side's database is. */
  dialects: Readonly<Record<SideName, Dialect>>;
  /** Names of the faults to choose from; empty for all. */
  faults: readonly string[];
  /** The tree that the product is run from. */
  product: string;
  /** Seconds that something may take that has to come. */
  patience: number;
  keep: boolean;
}

/** The torture was called in a way that it does not know. */
export class UsageError extends Error {
  constructor(message: string) {
    super(`${message}\nSee npm run torture -- --help`);
    this.name = 'UsageError';
  }
}

const ROOT = join(import.meta.dirname, '..', '..');

export const HELP = `Usage: npm run torture -- [options]

Eight writers, some past the proxy, write through a migration that moves to the service and back all the time, while one
fault after the other hits the product. In the end both databases are read directly and held to what was acknowledged.
Needs nothing but Node and npm, and for mysql an installed MariaDB, of which servers of their own are started (or the
server that STRANGLER_TEST_MYSQL names, or that the tests find at the usual place). Ends with 0 when nothing was lost, doubled, reordered or resurrected and both sides are
equal; with 1 otherwise, and tells the first cases.

Options:
  --seconds <n>      how long (default 60); it goes on until each kind of fault was there at least once
  --seed <text>      repeats the choices of a run: faults, their order and parameters, what the writers write
  --transport <way>  direct (default) or rabbitmq: the one at STRANGLER_TEST_AMQP, or the usual place, or one started anew
  --capture <way>    trigger (default) or replication, on each side that is a PostgreSQL
  --monolith <make>  postgres (default) or mysql: the monolith's database
  --service <make>   the same for the service's
  --faults <names>   only faults whose name contains one of these (with commas between)
  --patience <n>     seconds until what has to come and does not is a case (default 300: a busy machine is slow)
  --product <folder> run the product of another tree than this one
  --keep             leave the data folder also when all was well
  -h, --help         this text
`;

/**
 * Reads the command line; null when help was asked for.
 * @throws UsageError
 */
export function readOptions(args: string[]): TortureOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const { seconds = '60', seed, faults = '', product } = values;
  const { transport = 'direct', capture = 'trigger' } = values;
  if (transport !== 'direct' && transport !== 'rabbitmq') {
    throw new UsageError(`--transport is direct or rabbitmq, not "${transport}"`);
  }
  if (capture !== 'trigger' && capture !== 'replication') {
    throw new UsageError(`--capture is trigger or replication, not "${capture}"`);
  }
  const dialects = { monolith: dialectOf('monolith', values), service: dialectOf('service', values) };
  const { patience = '300' } = values;
  for (const [name, value] of Object.entries({ seconds, patience })) {
    if (!/^[1-9]\d{0,6}$/.test(value))
      throw new UsageError(`--${name} wants a number of seconds, not "${value}"`);
  }
  return {
    seconds: Number(seconds),
    seed: seed ?? String(Math.floor(Math.random() * 1e9)),
    transport,
    capture,
    dialects,
    faults: faults.split(',').filter(Boolean),
    product: product === undefined ? ROOT : resolve(product),
    patience: Number(patience),
    keep: values.keep ?? false,
  };
}

function dialectOf(
  side: SideName,
  { [side]: make = 'postgres' }: Partial<Record<SideName, string>>,
): Dialect {
  if (make === 'postgres' || make === 'mysql') return make;
  throw new UsageError(`--${side} is postgres or mysql, not "${make}"`);
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        seconds: { type: 'string' },
        seed: { type: 'string' },
        transport: { type: 'string' },
        capture: { type: 'string' },
        monolith: { type: 'string' },
        service: { type: 'string' },
        faults: { type: 'string' },
        product: { type: 'string' },
        patience: { type: 'string' },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
