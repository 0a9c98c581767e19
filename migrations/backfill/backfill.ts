import { setTimeout as pause } from 'node:timers/promises';
import type { BackfillCursor, Row, SourceTable } from '../databases/database.ts';
import type { Stream } from '../relay/stream.ts';
import { nextChunkRows } from './chunk-size.ts';
import type { Chunk } from './chunk.ts';
import { lastOf, nextChunk, sizeOf } from './chunk.ts';
import type { LateColumns } from './late-columns.ts';
import { lateColumns } from './late-columns.ts';
import type { BackfillReport } from './progress.ts';
import { RecentRate, reportOf } from './progress.ts';
import type { BackfillSettings } from './schema.ts';
import { backfillSchema } from './schema.ts';
import { restFor } from './throttle.ts';
import type { Rest } from './throttle.ts';
import type { Pace } from './usual-pace.ts';
import { UsualPace } from './usual-pace.ts';
import { writeChunk } from './write-chunk.ts';

const PAUSED_LOOK_MS = 100;
const DEFAULTS = backfillSchema.parse({});

export interface BackfillOptions {
  /** Called with every table's standing after each chunk, and while it rests. */
  observe(reports: BackfillReport[]): void;
  /** Seconds that live changes are behind. */
  lagSeconds?(): number;
  /** Why a person holds the copy; null when nobody does. */
  heldBecause?(): string | null;
  settings?(): BackfillSettings;
  signal: AbortSignal;
}

/** One way through one table: its rows, or those of its references that had to be left empty at first. */
interface Turn {
  /** Under which its cursor is kept. */
  name: string;
  table: SourceTable;
  again: boolean;
}

/** Before the first chunk. */
const START: BackfillCursor = { after: null, rows: 0, done: false, seconds: 0 };

/** No table's name has a blank. */
const AGAIN = ' (references)';
const againName = (table: string): string => table + AGAIN;

/**
 * Copies the rows that exist while live changes flow, table by table in an order that foreign keys allow. Where they
 * allow none, the columns that refer to what is not there yet are left empty, and filled when all tables are through.
 * The cursor commits with each chunk, so a killed copy goes on where it was.
 */
export async function backfill(stream: Stream, options: BackfillOptions): Promise<void> {
  const copy = await Copy.begin(stream, options);
  await copy.run();
}

class Copy {
  private readonly stream: Stream;
  private readonly options: BackfillOptions;
  private readonly tables: readonly SourceTable[];
  private readonly late: LateColumns;
  private readonly cursors: Map<string, BackfillCursor>;
  private readonly totals: ReadonlyMap<string, number | null>;
  private readonly rates = new Map<string, RecentRate>();
  /** When the copy last went on. */
  private lastAt = performance.now();
  private rests = '';
  /** For how long the last chunk let live changes wait. */
  private heldMs = 0;

  private constructor(
    stream: Stream,
    options: BackfillOptions,
    tables: readonly SourceTable[],
    late: LateColumns,
    cursors: ReadonlyMap<string, BackfillCursor>,
    totals: ReadonlyMap<string, number | null>,
  ) {
    this.stream = stream;
    this.options = options;
    this.tables = tables;
    this.late = late;
    this.cursors = new Map(cursors);
    this.totals = totals;
  }

  static async begin(stream: Stream, options: BackfillOptions): Promise<Copy> {
    const { source, target, migration, mapping } = stream;
    const tables = tablesInOrder(stream);
    const { backfill: cursors } = await target.progress(migration);
    const order = tables.map((table) => table.name);
    const late = await lateColumns(target, mapping, order);
    const totals = new Map<string, number | null>();
    for (const name of order) totals.set(name, await source.estimateRows(name));
    return new Copy(stream, options, tables, late, cursors, totals);
  }

  async run(): Promise<void> {
    this.report();
    for (const table of this.tables) await this.take({ name: table.name, table, again: false });
    for (const table of this.tables) {
      const name = againName(table.name);
      if (this.cursors.has(name)) await this.take({ name, table, again: true });
    }
  }

  /** Reads one chunk ahead, so that both databases work at the same time. */
  private async take(turn: Turn): Promise<void> {
    const pace = new UsualPace();
    let size = nextChunkRows(null, this.settings());
    let cursor = this.cursors.get(turn.name) ?? START;
    if (cursor.done) return;
    await this.rest(0, 0, { readMsPerRow: 0, usualMsPerRow: 0 });
    let next = this.read(turn, cursor.after, size);
    while (!this.options.signal.aborted) {
      const { chunk, readMs } = await next;
      const last = lastOf(chunk);
      const [asked, rows] = [size, sizeOf(chunk)];
      if (last) next = this.read(turn, keyOf(turn.table, last), size);
      cursor = await this.write(turn, cursor, chunk, readMs);
      if (cursor.done) return;
      size = nextChunkRows({ asked, rows, ms: this.heldMs }, this.settings());
      await this.rest(rows, readMs, pace.add(readMs / rows, this.settings().maxSlowdown));
    }
    await next.catch(() => undefined);
  }

  private read(turn: Turn, after: Row | null, rows: number): Promise<{ chunk: Chunk; readMs: number }> {
    const { stream } = this;
    const started = performance.now();
    // A second way through a table looks at each row.
    const asked = turn.again
      ? stream.source.readChunk(stream.migration, turn.table, after, rows)
      : nextChunk(stream, turn.table, after, rows);
    const reading = asked.then((chunk: Chunk) => ({ chunk, readMs: performance.now() - started }));
    reading.catch(() => undefined); // nobody asks for it any more when the chunk before it fails
    return reading;
  }

  private async write(
    turn: Turn,
    before: BackfillCursor,
    chunk: Chunk,
    readMs: number,
  ): Promise<BackfillCursor> {
    const started = performance.now();
    const [last, rows] = [lastOf(chunk), sizeOf(chunk)];
    const cursor = (): BackfillCursor => ({
      after: last ? keyOf(turn.table, last) : before.after,
      rows: before.rows + rows,
      done: rows === 0,
      seconds: before.seconds + (readMs + performance.now() - started) / 1000,
    });
    const cursors = (leftEmpty: boolean, ms: number): Map<string, BackfillCursor> => {
      this.heldMs = ms;
      const saved = new Map([[turn.name, cursor()]]);
      // In the same transaction: a table is never done while its references are neither there nor remembered.
      if (leftEmpty) saved.set(againName(turn.table.name), START);
      return saved;
    };
    const { late } = this;
    const saved = await writeChunk(this.stream, turn.table.name, chunk, cursors, { late, again: turn.again });
    for (const [name, each] of saved) this.cursors.set(name, each);
    this.rateOf(turn.name).add(before.rows + rows, performance.now());
    this.report();
    return saved.get(turn.name) ?? before;
  }

  /** Rests as long as something is in the way, and says what. */
  private async rest(rows: number, readMs: number, { readMsPerRow, usualMsPerRow }: Pace): Promise<void> {
    const { signal } = this.options;
    let still = '';
    for (let look = 0; !signal.aborted; look += 1) {
      const held = this.options.heldBecause?.() ?? null;
      const load = {
        lagSeconds: this.options.lagSeconds?.() ?? 0,
        rows,
        ms: performance.now() - this.lastAt,
        // The owner's pace is known of the last read only: one rest for it is enough.
        readMsPerRow: look === 0 ? readMsPerRow : 0,
        usualMsPerRow,
        readMs,
      };
      const rest: Rest | null =
        held === null ? restFor(this.settings(), load) : { ms: PAUSED_LOOK_MS, reason: held };
      if (rest?.holdsOn) still = rest.reason;
      this.rests = rest?.reason ?? still;
      if (rest === null) {
        this.lastAt = performance.now();
        return;
      }
      this.report();
      await pause(rest.ms, undefined, { signal }).catch(() => undefined);
    }
  }

  private settings(): BackfillSettings {
    return this.options.settings?.() ?? DEFAULTS;
  }

  private rateOf(name: string): RecentRate {
    const rate = this.rates.get(name) ?? new RecentRate();
    this.rates.set(name, rate);
    return rate;
  }

  private report(): void {
    const names = this.tables.flatMap(({ name }) =>
      this.cursors.has(againName(name)) ? [name, againName(name)] : [name],
    );
    const current = names.find((name) => this.cursors.get(name)?.done !== true);
    this.options.observe(
      names.map((name) => {
        const total = this.totals.get(name.replace(AGAIN, '')) ?? null;
        const rate = this.rates.get(name)?.rowsPerSecond() ?? null;
        return reportOf(
          name,
          this.cursors.get(name) ?? START,
          total,
          rate,
          name === current ? this.rests : '',
        );
      }),
    );
  }
}

const keyOf = (table: SourceTable, row: Row): Row =>
  Object.fromEntries(table.key.map((column) => [column, row[column] ?? null]));

/** The order of the entries is one that the target's foreign keys allow; a table comes with its first entry. */
function tablesInOrder(stream: Stream): SourceTable[] {
  const names = [...new Set(stream.mapping.entries.map((entry) => entry.source.name))];
  return names.flatMap((name) => stream.mapping.captured.filter((table) => table.name === name));
}
