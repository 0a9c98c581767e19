import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { LineChunk, Row, SourceRow, SourceTable, Text } from '../database.ts';
import { onClient } from './connect.ts';
import { ident, literal } from './identifiers.ts';
import { chunkSql, typesOf, VERSION, withVersions } from './rows.ts';
import { isReplicated } from './slot/slot.ts';

/** Types that `COPY` spells as a cast to text does; `boolean` and `character` are none, to name the commonest. */
const SPELLED_ALIKE = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double precision',
  'character varying',
  'text',
  'uuid',
  'date',
  'time without time zone',
  'timestamp without time zone',
  'timestamp with time zone',
  'interval',
  'bytea',
  'json',
  'jsonb',
]);

const NEWLINE = 0x0a;
const TAB = 0x09;

/**
 * `readChunk` by `COPY`: one statement too, so row and version belong together. Both databases and this process have a
 * third of the work with it.
 *
 * @see Database.readLines
 */
export async function readLines(
  pool: pg.Pool,
  label: string,
  migration: string,
  table: SourceTable,
  columns: readonly string[],
  after: Row | null,
  limit: number,
): Promise<LineChunk | null> {
  // From the log, versions are found only after the rows.
  if (isReplicated(table)) return null;
  const types = typesOf(table);
  const values = columns.map((name, i) => {
    const value = `t.${ident(name)}`;
    return `${SPELLED_ALIKE.has(types.get(name) ?? '') ? value : `${value}::text`} AS c${i}`;
  });
  // `COPY` takes no parameters. A key is never null.
  const behind = after ? table.key.map((c) => `${literal(after[c] ?? '')}::${types.get(c)}`) : null;
  const chunk = chunkSql(table, values.join(', '), behind, limit);
  const wanted = [VERSION, 'chunk.k', ...columns.map((_, i) => `chunk.c${i}`)];
  const sql = withVersions(chunk, literal(migration), literal(table.name), wanted);
  const pieces: Buffer[] = [];
  await onClient(pool, label, async (client) => {
    for await (const piece of client.query(copyTo(`COPY (${sql}) TO STDOUT`))) pieces.push(piece as Buffer);
  });
  return new Lines(Buffer.concat(pieces), columns);
}

/** Lines of version, key and columns, in `COPY`'s text format. A byte of a line feed or tab is nothing else there. */
class Lines implements LineChunk {
  private readonly bytes: Buffer;
  private readonly columns: readonly string[];
  /** Where each line begins, and the last one ends. */
  private readonly starts: number[] = [0];

  constructor(bytes: Buffer, columns: readonly string[]) {
    this.bytes = bytes;
    this.columns = columns;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, end + 1)) {
      this.starts.push(end + 1);
    }
  }

  get size(): number {
    return this.starts.length - 1;
  }

  version(i: number): string {
    const start = this.startOf(i);
    return this.bytes.toString('latin1', start, this.bytes.indexOf(TAB, start));
  }

  key(i: number): string {
    const start = this.bytes.indexOf(TAB, this.startOf(i)) + 1;
    return unescaped(this.bytes.toString('utf8', start, this.bytes.indexOf(TAB, start))) ?? '';
  }

  lines(chosen: readonly number[]): Uint8Array {
    const written = Buffer.allocUnsafe(this.bytes.length);
    let length = 0;
    for (const i of chosen) {
      const key = this.bytes.indexOf(TAB, this.startOf(i)) + 1;
      const start = this.bytes.indexOf(TAB, key) + 1;
      length += this.bytes.copy(written, length, start, this.startOf(i + 1));
    }
    return written.subarray(0, length);
  }

  row(i: number): SourceRow {
    const line = this.bytes.toString('utf8', this.startOf(i), this.startOf(i + 1) - 1);
    const [version, key, ...values] = line.split('\t').map(unescaped);
    const row: Row = {};
    for (const [at, column] of this.columns.entries()) row[column] = values[at] ?? null;
    return { key: key ?? '', version: version ?? '0', row };
  }

  private startOf(i: number): number {
    return this.starts[i] ?? this.bytes.length;
  }
}

const ESCAPED: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** A value from `COPY`'s text format. The server writes these escapes and no others. */
function unescaped(field: string): Text {
  if (field === '\\N') return null;
  return field.includes('\\') ? field.replace(/\\(.)/gs, (_, c: string) => ESCAPED[c] ?? c) : field;
}
