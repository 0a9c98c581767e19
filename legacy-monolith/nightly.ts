import { parseArgs } from 'node:util';
import pg from 'pg';
import { bookNext } from './nightly/booking.ts';
import { repriceNext } from './nightly/repricing.ts';
import type { Written } from './nightly/written.ts';

export interface NightlyOptions {
  databaseUrl: string;
  seed: number;
  /** How many products are repriced at most. */
  limit: number;
  /** How many products or orders one transaction takes. */
  batch: number;
}

export interface NightlyReport {
  written: Written[];
  failed: { message: string } | null;
}

/** Writes prices and stock straight into the tables, past the shop's HTTP: older than the shop's API. */
export async function runNightly(options: NightlyOptions): Promise<NightlyReport> {
  const committed = new Map<number, Written>();
  const report = (failed: NightlyReport['failed']) => ({ written: [...committed.values()], failed });
  const client = new pg.Client({
    connectionString: options.databaseUrl,
    application_name: 'legacy-monolith-nightly',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await reprice(client, options, committed);
    await book(client, options, committed);
    return report(null);
  } catch (error) {
    return report({ message: error instanceof Error ? error.message : String(error) });
  } finally {
    await client.end();
  }
}

async function reprice(
  client: pg.Client,
  { seed, limit, batch }: NightlyOptions,
  committed: Map<number, Written>,
): Promise<void> {
  let after = 0;
  for (let left = limit; left > 0; left -= batch) {
    const written = await inTransaction(client, () =>
      repriceNext(client, seed, after, Math.min(batch, left)),
    );
    if (written.length === 0) return;
    after = written.at(-1)?.prodId ?? after;
    for (const product of written) committed.set(product.prodId, product);
  }
}

async function book(
  client: pg.Client,
  { batch }: NightlyOptions,
  committed: Map<number, Written>,
): Promise<void> {
  for (;;) {
    const { orders, written } = await inTransaction(client, () => bookNext(client, batch));
    if (orders === 0) return;
    for (const product of written) committed.set(product.prodId, product);
  }
}

async function inTransaction<T>(client: pg.Client, run: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await run();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function readOptions(): NightlyOptions {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, limit: { type: 'string' }, batch: { type: 'string' } },
  });
  const databaseUrl = process.env.MONOLITH_DATABASE_URL;
  if (!databaseUrl) throw new Error('MONOLITH_DATABASE_URL is not set');
  const number = (name: 'seed' | 'limit' | 'batch', fallback: number) => {
    const text = values[name] ?? process.env[`NIGHTLY_${name.toUpperCase()}`] ?? String(fallback);
    if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} wants a whole number, not "${text}"`);
    return Number(text);
  };
  return {
    databaseUrl,
    seed: number('seed', 1),
    limit: number('limit', 999_999_999),
    batch: Math.max(1, number('batch', 20)),
  };
}

/** The last line on stdout is the report, for whoever reads the output by machine. */
async function main(): Promise<void> {
  const report = await runNightly(readOptions());
  if (report.failed) {
    console.error(`nightly failed: ${report.failed.message}`);
    process.exitCode = 1;
  }
  console.log(JSON.stringify(report));
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(`nightly cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
