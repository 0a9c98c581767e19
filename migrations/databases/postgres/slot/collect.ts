import type pg from 'pg';
import { CaptureLostError } from '../../errors.ts';
import { sqlState } from '../connect.ts';
import { checkSlot } from './health.ts';
import { deleted, layoutOf, upserted } from './layout.ts';
import type { Message, Tuple } from './pgoutput.ts';
import { parseMessage } from './pgoutput.ts';
import type { Layout, LogEntry, LogTransaction, WrittenEntry } from './record.ts';
import { recordEntries } from './record.ts';
import type { SlotState } from './slot.ts';
import { lockSlot } from './slot.ts';
import type { Snapshot } from './snapshot.ts';
import { fullXid, isVisible, parseSnapshot } from './snapshot.ts';

/** Messages of one round; a transaction is not divided. */
const ROUND_MESSAGES = 20_000;
/** What is fetched and written at once, in messages and in bytes. */
const PAGE_MESSAGES = 2000;
const PAGE_BYTES = 4_000_000;
/** So much of the log without a change of ours is worth a write of where we are; less would be written for ever. */
const STEP_BYTES = 256_000n;

const UNDEFINED_OBJECT = '42704';

/** How a round ended. */
export interface Round {
  /** `more` can be read at once; `hidden`: the next one is committed and not visible yet; `end` of the log. */
  ended: 'more' | 'hidden' | 'end';
  /** Everything that was committed in the log before it is written down. */
  lsn: bigint;
}

/** @param client inside a transaction with `ROUND_SETTINGS` */
export async function collectRound(
  client: pg.ClientBase,
  label: string,
  migration: string,
): Promise<Round | null> {
  const state = await lockSlot(client, migration);
  if (!state) return null;
  if (!state.lsn) throw new CaptureLostError(label, migration, 'its replication slot was never made');
  const { slot } = state;
  const { confirmed, flushed } = await checkSlot(client, label, migration, state);
  // Whoever wrote down where we are may have been killed before the slot followed, or the server before it kept that.
  if (confirmed !== state.lsn) {
    await client.query('SELECT pg_replication_slot_advance($1, $2)', [slot, state.lsn]);
  }
  try {
    const reading = new Reading(client, label, migration, state);
    const round = await reading.read(slot, parseLsn(flushed));
    const isFar = round.lsn - parseLsn(state.lsn) >= STEP_BYTES;
    if (reading.recorded > 0 || round.ended === 'more' || isFar) {
      await client.query('UPDATE strangler.slot SET lsn = $2 WHERE migration = $1', [
        migration,
        formatLsn(round.lsn),
      ]);
    }
    return round;
  } catch (error) {
    if (sqlState(error) !== UNDEFINED_OBJECT) throw error;
    throw new CaptureLostError(
      label,
      migration,
      `the publication ${slot} is gone (${(error as Error).message})`,
    );
  }
}

interface OwnTable {
  name: string;
  at: ReadonlyMap<string, number>;
}

interface OpenTransaction extends LogTransaction {
  /** The applier's. */
  isSkipped: boolean;
  /** Nothing was written yet. */
  isFresh: boolean;
}

/** One pass over what the log has. */
class Reading {
  recorded = 0;
  private readonly client: pg.ClientBase;
  private readonly label: string;
  private readonly migration: string;
  private readonly state: SlotState;
  private readonly layouts = new Map<number, Layout>();
  /** Our own tables in the log, by name, with the place of each column. */
  private readonly own = new Map<number, OwnTable>();
  private emptied = 0;
  private page: LogEntry[] = [];
  private pageBytes = 0;
  private transaction: OpenTransaction | null = null;
  /** Up to where everything is read. */
  private done: bigint;

  constructor(client: pg.ClientBase, label: string, migration: string, state: SlotState) {
    this.client = client;
    this.label = label;
    this.migration = migration;
    this.state = state;
    this.done = parseLsn(state.lsn ?? '0/0');
  }

  /** @param flushed where the log ended before the reading began */
  async read(slot: string, flushed: bigint): Promise<Round> {
    await this.client.query(
      `DECLARE messages NO SCROLL CURSOR FOR
       SELECT data FROM pg_logical_slot_peek_binary_changes($1, NULL, ${ROUND_MESSAGES},
         'proto_version', '1', 'publication_names', $2)`,
      [slot, `"${slot}"`],
    );
    let count = 0;
    let size = 100;
    let snapshot: Snapshot | null = null;
    for (;;) {
      const { rows } = await this.client.query<{ data: string }>(`FETCH ${size} FROM messages`);
      if (rows.length === 0) break;
      // After the log is read, so that what it has and the snapshot has not is still waiting to be seen.
      snapshot ??= await this.readSnapshot();
      let bytes = 0;
      for (const { data } of rows) {
        bytes += data.length;
        const message = parseMessage(Buffer.from(data.slice(2), 'hex'));
        if (!(await this.take(message, data.length / 2, snapshot))) return this.end('hidden', flushed);
      }
      count += rows.length;
      size = Math.max(1, Math.min(PAGE_MESSAGES, Math.floor((size * PAGE_BYTES) / bytes)));
    }
    return this.end(count >= ROUND_MESSAGES ? 'more' : 'end', flushed);
  }

  private async end(ended: Round['ended'], flushed: bigint): Promise<Round> {
    await this.client.query('CLOSE messages');
    await this.write();
    if (ended === 'end' && flushed > this.done) this.done = flushed;
    return { ended, lsn: this.done };
  }

  /** False when this is as far as can be read now. */
  private async take(message: Message, bytes: number, snapshot: Snapshot): Promise<boolean> {
    switch (message.kind) {
      case 'begin': {
        const xid = fullXid(message.xid, snapshot);
        // Committed, and not visible yet: the row that is looked up for it might be the one before.
        if (!isVisible(xid, snapshot)) return false;
        this.transaction = { xid, at: message.at, isSkipped: false, isFresh: true };
        return true;
      }
      case 'commit':
        this.transaction = null;
        if (message.end > this.done) this.done = message.end;
        return true;
      case 'relation': {
        const { relation } = message;
        const table = this.state.tables.find(({ oid }) => oid === relation.oid);
        if (table) {
          this.layouts.set(
            relation.oid,
            await layoutOf(this.client, this.label, this.migration, table, relation),
          );
        } else if (relation.schema === 'strangler') {
          const at = new Map(relation.columns.map((column, i) => [column.name, i]));
          this.own.set(relation.oid, { name: relation.name, at });
        }
        return true;
      }
      default:
        if (this.transaction && !this.transaction.isSkipped) {
          this.takeWrite(message, this.transaction, bytes);
          if (this.page.length >= PAGE_MESSAGES || this.pageBytes > PAGE_BYTES) await this.write();
        }
        return true;
    }
  }

  private takeWrite(message: Message, transaction: OpenTransaction, bytes: number): void {
    const own = 'oid' in message ? this.own.get(message.oid) : undefined;
    if (own) return this.takeOwn(message, own, transaction);
    transaction.isFresh = false;
    if (message.kind === 'truncate') {
      for (const oid of message.oids) this.add(oid, (layout) => [truncated(layout, transaction)]);
    } else if (message.kind === 'insert' || message.kind === 'update') {
      const old: Tuple | null = message.kind === 'update' ? message.old : null;
      this.add(message.oid, (layout) => {
        const entry = upserted(layout, message.row, old, transaction, bytes);
        return old ? [deleted(layout, old, entry, transaction), entry] : [entry];
      });
    } else if (message.kind === 'delete') {
      this.add(message.oid, (layout) => [deleted(layout, message.old, null, transaction)]);
    }
  }

  private takeOwn(message: Message, own: OwnTable, transaction: OpenTransaction): void {
    if (message.kind !== 'update' && message.kind !== 'insert') return;
    const text = (column: string): string => String(message.row[own.at.get(column) ?? -1]);
    if (text('migration') !== this.migration) return;
    if (own.name === 'side' && message.kind === 'update') {
      // The first thing an applier writes. Another migration's applier is a writer like any other.
      if (transaction.isFresh) transaction.isSkipped = true;
    } else if (own.name === 'emptied') {
      transaction.isFresh = false;
      this.emptied++;
      const said = { source: text('source'), key: text('key'), row: text('row') };
      this.page.push({ op: 'said', said, transaction, bytes: said.row.length });
    }
  }

  private add(oid: number, entries: (layout: Layout) => WrittenEntry[]): void {
    const layout = this.layouts.get(oid);
    if (!layout) return;
    for (const entry of entries(layout)) {
      this.page.push(entry);
      this.pageBytes += entry.bytes;
    }
  }

  private async write(): Promise<void> {
    await recordEntries(this.client, this.migration, this.page);
    this.recorded += this.page.length;
    // The log keeps what was said; the table only has to be written to.
    if (this.emptied > 0) {
      await this.client.query('DELETE FROM strangler.emptied WHERE migration = $1', [this.migration]);
    }
    this.emptied = 0;
    this.page = [];
    this.pageBytes = 0;
  }

  private async readSnapshot(): Promise<Snapshot> {
    const { rows } = await this.client.query<{ now: string }>('SELECT pg_current_snapshot()::text AS now');
    return parseSnapshot(rows[0]?.now ?? '');
  }
}

const truncated = (layout: Layout, transaction: LogTransaction): WrittenEntry => ({
  layout,
  op: 'truncate',
  values: [],
  became: null,
  unchanged: [],
  transaction,
  bytes: 0,
});

/** A place in the log as a number: `16/B374D848`. */
export function parseLsn(text: string): bigint {
  const [high, low] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

function formatLsn(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase();
}
