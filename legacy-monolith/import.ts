import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { openDatabase } from './database.ts';
import { openRetail, type RetailSource } from './retail/source.ts';
import { COPY_RAW, CREATE_RAW, FOREIGN_KEYS, STEPS } from './retail/statements.ts';

export interface ImportProgress {
  step: string;
  rows: number;
  milliseconds: number;
}

export interface ImportOptions {
  databaseUrl: string;
  /** How many invoice lines; all of the file's, or 50,000 made up ones, if left out. */
  lines?: number;
  /** Other invoice lines than those. */
  source?: RetailSource;
  onProgress?: (progress: ImportProgress) => void;
}

/** Fills an empty shop from invoice lines, in one transaction. The parsing is left to PostgreSQL's COPY. */
export async function importRetail(options: ImportOptions): Promise<{ source: RetailSource['name'] }> {
  await (await openDatabase(options.databaseUrl)).destroy();
  const client = new pg.Client({
    connectionString: options.databaseUrl,
    application_name: 'legacy-monolith-import',
    options: '-c TimeZone=UTC -c work_mem=64MB',
  });
  // A server that stops is told by the query that fails; unheard, it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('BEGIN');
    await refuseFilled(client);
    const source = options.source ?? openRetail(options.lines);
    await load(client, source, options.onProgress ?? (() => undefined));
    await client.query('COMMIT');
    await client.query('ANALYZE');
    return { source: source.name };
  } finally {
    await client.end();
  }
}

async function refuseFilled(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ products: number }>(
    'SELECT count(*)::integer AS products FROM tbl_products',
  );
  const products = rows[0]?.products ?? 0;
  if (products > 0) throw new Error(`the shop holds ${products} products; the import wants an empty one`);
}

async function load(
  client: pg.Client,
  source: RetailSource,
  onProgress: (progress: ImportProgress) => void,
): Promise<void> {
  const step = async (name: string, run: () => Promise<number>) => {
    const start = performance.now();
    const rows = await run();
    onProgress({ step: name, rows, milliseconds: Math.round(performance.now() - start) });
  };
  await client.query(CREATE_RAW);
  await step('invoice lines', async () => {
    const copy = client.query(copyFrom(COPY_RAW));
    await pipeline(source.csv, copy);
    return copy.rowCount;
  });
  await client.query('ANALYZE raw_line');
  const { rows: keys } = await client.query<{ lift: string; restore: string }>(FOREIGN_KEYS);
  for (const { lift } of keys) await client.query(lift);
  for (const { step: name, sql } of STEPS) {
    await step(name, async () => (await client.query(sql)).rowCount ?? 0);
  }
  await step('foreign keys', async () => {
    for (const { restore } of keys) await client.query(restore);
    return keys.length;
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { lines: { type: 'string' } } });
  const databaseUrl = process.env.MONOLITH_DATABASE_URL;
  if (!databaseUrl) throw new Error('MONOLITH_DATABASE_URL is not set');
  if (values.lines !== undefined && !/^[1-9]\d*$/.test(values.lines)) {
    throw new Error(`--lines wants a number of lines, not "${values.lines}"`);
  }
  const { source } = await importRetail({
    databaseUrl,
    ...(values.lines === undefined ? {} : { lines: Number(values.lines) }),
    onProgress: ({ step, rows, milliseconds }) => console.log(`${step}: ${rows} (${milliseconds} ms)`),
  });
  console.log(`imported from ${source}`);
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(`import failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
