import { setTimeout as pause } from 'node:timers/promises';
import { JournalForkedError } from './errors.ts';
import type { JournalEntry } from './journal.ts';
import { GENESIS_HASH } from './journal.ts';
import type { MigrationState } from './fold.ts';
import { foldEntry, newMigration } from './fold.ts';
import type { ControlStore } from './store.ts';

/** Without a notification the journal is read this often all the same. */
const POLL_MS = 200;

/** The journal as known so far, kept current while it runs. */
export class JournalFollower {
  seq = 0;
  readonly entries: JournalEntry[] = [];
  states: ReadonlyMap<string, MigrationState> = new Map();
  /**
   * Set for good once the store has another journal than the one that was read before, as after a failover to a server
   * that lacked the newest entries. What is known then stays as it was.
   */
  fork: JournalForkedError | null = null;
  private readonly store: ControlStore;
  private readonly stop = new AbortController();
  private readonly listeners = new Set<() => void>();
  private wake: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();

  private constructor(store: ControlStore) {
    this.store = store;
  }

  /** Reads the journal once and goes on reading in the background. */
  static async start(store: ControlStore): Promise<JournalFollower> {
    const follower = new JournalFollower(store);
    await follower.refresh();
    follower.running = follower.run();
    return follower;
  }

  state(migration: string): MigrationState {
    return this.states.get(migration) ?? newMigration(migration);
  }

  /** Calls back after each newer picture; returns the way to stop. */
  subscribe(changed: () => void): () => void {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  }

  /**
   * Reads what is new now.
   *
   * @throws JournalForkedError when it does not go on from what is known
   */
  async refresh(): Promise<void> {
    if (this.fork) throw this.fork;
    // The newest known one is read again, to see that the new ones follow from it.
    const known = this.entries.at(-1);
    const read = await this.store.entries(known ? known.seq - 1 : 0);
    if (known) this.refuseFork(known, read[0]);
    this.take(read.filter((entry) => entry.seq > this.seq));
  }

  /**
   * Learns what this process has just written, without reading it again where it follows from what is known.
   *
   * @throws JournalForkedError as `refresh` does
   */
  async learn(written: readonly JournalEntry[]): Promise<void> {
    if (this.fork) throw this.fork;
    const known = this.entries.at(-1)?.hash ?? GENESIS_HASH;
    if (written[0]?.seq === this.seq + 1 && written[0].previousHash === known) this.take(written);
    else await this.refresh();
  }

  private take(news: readonly JournalEntry[]): void {
    if (news.length === 0) return;
    const states = new Map(this.states);
    for (const entry of news) {
      states.set(
        entry.migration,
        foldEntry(states.get(entry.migration) ?? newMigration(entry.migration), entry),
      );
      this.entries.push(entry);
      this.seq = entry.seq;
    }
    this.states = states;
    for (const changed of this.listeners) changed();
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.wake();
    await this.running;
  }

  private refuseFork(known: JournalEntry, found: JournalEntry | undefined): void {
    if (found?.seq === known.seq && found.hash === known.hash) return;
    const what =
      found?.seq === known.seq
        ? `has another entry ${known.seq} ("${found.kind}" by ${found.actor} at ${found.at})`
        : `lacks entry ${known.seq}`;
    this.fork ??= new JournalForkedError(
      `the store's journal is not the one that this process has read: it ${what} where "${known.kind}" of "${known.migration}" by ${known.actor} at ${known.at} was. ` +
        'Did the store fail over to a server that lacked the newest entries? Look at what is missing, then restart Strangler: it goes on by what the store says',
    );
    for (const changed of this.listeners) changed();
    throw this.fork;
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    let isListening = false;
    while (!signal.aborted) {
      try {
        if (!isListening) {
          const events = await this.store.listen(signal);
          events.on('wake', () => this.wake());
          events.once('lost', () => (isListening = false));
          isListening = true;
        }
        await this.refresh();
      } catch {
        // The store is away: what is known stays in force, and whoever needs more looks at its lease.
      }
      await Promise.race([
        new Promise<void>((resolve) => (this.wake = resolve)),
        pause(POLL_MS, undefined, { signal, ref: false }).catch(() => undefined),
      ]);
    }
  }
}
