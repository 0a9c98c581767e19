import type { LineChunk, Row, SourceRow, SourceTable } from '../databases/database.ts';
import type { Stream } from '../relay/stream.ts';

/** Rows as they were read: each by itself, or as lines that the follower can take as they are. */
export type Chunk = readonly SourceRow[] | LineChunk;

export const isLines = (chunk: Chunk): chunk is LineChunk => !Array.isArray(chunk);

export const sizeOf = (chunk: Chunk): number => (isLines(chunk) ? chunk.size : chunk.length);

/** The last row of the chunk; null when there is none. */
export function lastOf(chunk: Chunk): Row | null {
  if (!isLines(chunk)) return chunk.at(-1)?.row ?? null;
  return chunk.size === 0 ? null : chunk.row(chunk.size - 1).row;
}

/** Reads the next rows of a table, as lines where both databases are of one make and nothing becomes of any value. */
export async function nextChunk(
  { source, target, migration, mapping }: Stream,
  table: SourceTable,
  after: Row | null,
  rows: number,
): Promise<Chunk> {
  const [entry, ...others] = mapping.entriesOf(table.name);
  if (entry?.straight && others.length === 0 && source.dialect === target.dialect) {
    const lines = await source.readLines?.(migration, table, entry.straight, after, rows);
    if (lines) return lines;
  }
  return source.readChunk(migration, table, after, rows);
}
