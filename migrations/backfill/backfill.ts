import { setTimeout as pause } from 'node:timers/promises';
import type { BackfillCursor, SourceRow, SourceTable } from '../databases/database.ts';
import { targetRow } from '../apply/apply.ts';
import { ConversionError } from '../mapping/convert.ts';
import type { Stream } from '../relay/stream.ts';

const CHUNK_ROWS = 2000;

/** Where the copy of one table stands. */
export interface BackfillReport {
  table: string;
  rows: number;
  total: number | null;
  rowsPerSecond: number;
  secondsLeft: number | null;
  done: boolean;
}

export interface BackfillOptions {
  /** Called with every table's standing after each chunk. */
  observe(reports: BackfillReport[]): void;
  /** Rests while this is true, so that live changes do not fall behind. */
  mustWait(): boolean;
  signal: AbortSignal;
}

/**
 * Copies the rows that exist while live changes flow, table by table in an order that foreign keys allow. The
 * cursor commits with each chunk, so a killed copy goes on where it was.
 */
export async function backfill(stream: Stream, options: BackfillOptions): Promise<void> {
  const { source, target, migration } = stream;
  const tables = tablesInOrder(stream);
  const { backfill: cursors } = await target.progress(migration);
  const reports = new Map<string, BackfillReport>();
  for (const table of tables) {
    const cursor = cursors.get(table.name) ?? { after: null, rows: 0, done: false, seconds: 0 };
    reports.set(table.name, report(table.name, cursor, await source.estimateRows(table.name)));
  }
  options.observe([...reports.values()]);
  for (const table of tables) {
    let cursor = cursors.get(table.name) ?? { after: null, rows: 0, done: false, seconds: 0 };
    const total = reports.get(table.name)?.total ?? null;
    while (!cursor.done && !options.signal.aborted) {
      cursor = await copyChunk(stream, table, cursor);
      reports.set(table.name, report(table.name, cursor, total));
      options.observe([...reports.values()]);
      while (options.mustWait() && !options.signal.aborted) await pause(20);
    }
  }
}

async function copyChunk(
  stream: Stream,
  table: SourceTable,
  cursor: BackfillCursor,
): Promise<BackfillCursor> {
  const started = performance.now();
  const chunk = await stream.source.readChunk(stream.migration, table, cursor.after, CHUNK_ROWS);
  const after = chunk.at(-1)?.row ?? cursor.after;
  const key = after && Object.fromEntries(table.key.map((column) => [column, after[column] ?? null]));
  const next = {
    after: key,
    rows: cursor.rows + chunk.length,
    done: chunk.length < CHUNK_ROWS,
    seconds: cursor.seconds,
  };
  await writeChunk(
    stream,
    table.name,
    chunk,
    (seconds) => ({ ...next, seconds: next.seconds + seconds }),
    started,
  );
  return { ...next, seconds: next.seconds + (performance.now() - started) / 1000 };
}

/** A row of the chunk yields to every change that was applied after it was read. */
export async function writeChunk(
  stream: Stream,
  table: string,
  chunk: readonly SourceRow[],
  cursor: (seconds: number) => BackfillCursor,
  started = performance.now(),
): Promise<void> {
  const { migration, target, mapping } = stream;
  await target.applying(migration, stream.epoch, async (applier) => {
    const fill = async (rows: readonly SourceRow[]): Promise<void> => {
      for (const entry of mapping.entriesOf(table)) {
        const filled = rows.map((row) => targetRow(entry, row.key, row.version, row.row));
        await applier.fill(entry.target, filled);
      }
    };
    const tryFill = async (rows: readonly SourceRow[]): Promise<Error | null> => {
      try {
        return await applier.attempt(() => fill(rows));
      } catch (error) {
        if (error instanceof ConversionError) return error;
        throw error;
      }
    };
    if (chunk.length > 0 && (await tryFill(chunk))) {
      for (const row of chunk) {
        const fault = await tryFill([row]);
        if (fault) await applier.park({ id: '0', table, op: 'upsert', ...row }, fault.message);
      }
    }
    await applier.saveCursor(table, cursor((performance.now() - started) / 1000));
  });
}

/** The order of the entries is one that the target's foreign keys allow; a table comes with its first entry. */
function tablesInOrder(stream: Stream): SourceTable[] {
  const names = [...new Set(stream.mapping.entries.map((entry) => entry.source.name))];
  return names.flatMap((name) => stream.mapping.captured.filter((table) => table.name === name));
}

function report(table: string, cursor: BackfillCursor, estimate: number | null): BackfillReport {
  const total = cursor.done ? cursor.rows : estimate === null ? null : Math.max(estimate, cursor.rows);
  const rowsPerSecond = cursor.seconds > 0 ? cursor.rows / cursor.seconds : 0;
  const left = total === null || rowsPerSecond === 0 ? null : (total - cursor.rows) / rowsPerSecond;
  return {
    table,
    rows: cursor.rows,
    total,
    rowsPerSecond,
    secondsLeft: cursor.done ? 0 : left,
    done: cursor.done,
  };
}
