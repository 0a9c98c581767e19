import type { Row, SourceRow, SourceTable } from '../databases/database.ts';
import type { Stream } from '../relay/stream.ts';

const CHUNK_ROWS = 2000;

/** All rows of a table in chunks; one is read ahead, so that both databases work at the same time. */
export async function* chunksOf(
  database: Stream['source'],
  migration: string,
  table: SourceTable,
  signal: AbortSignal | undefined,
): AsyncGenerator<SourceRow[]> {
  const read = (after: Row | null): Promise<SourceRow[]> => {
    const chunk = database.readChunk(migration, table, after, CHUNK_ROWS);
    chunk.catch(() => undefined); // nobody asks for it any more when the comparison before it fails
    return chunk;
  };
  let next = read(null);
  for (;;) {
    const chunk = await next;
    signal?.throwIfAborted();
    const last = chunk.at(-1);
    if (!last) return;
    next = read(keyOf(table, last.row));
    yield chunk;
  }
}

export const keyOf = (table: { key: readonly string[] }, row: Row): Row =>
  Object.fromEntries(table.key.map((column) => [column, row[column] ?? null]));
