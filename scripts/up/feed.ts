import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { ControlStore, Presence } from '../../migrations/lifecycle/store.ts';
import type { Standing, Standings, StandingsFeed } from '../../proxy/data-plane/standing.ts';
import type { Config } from '../config/read.ts';

const LEASE_MS = 2000;
const RENEW_MS = 400;

/** What the journal does not know of a migration. */
export interface FedMigration {
  name: string;
  /** It has tables, so the database of a former owner refuses its writes. */
  isFenced: boolean;
}

/** Feeds one proxy from the journal, and keeps its lease: the coordinator waits for whoever holds one. */
export class JournalFeed implements StandingsFeed {
  readonly id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 4)}`;
  private readonly store: ControlStore;
  private readonly journal: JournalFollower;
  private migrations: readonly FedMigration[];
  private readonly stop = new AbortController();
  private standings: Standings;
  private acked = 0;
  private leaseUntil = 0;
  private presence: Presence | null = null;
  private renewing: Promise<void> = Promise.resolve();

  private constructor(store: ControlStore, journal: JournalFollower, migrations: readonly FedMigration[]) {
    this.store = store;
    this.journal = journal;
    this.migrations = migrations;
    this.standings = this.picture();
  }

  /** Takes the lease before it reads the journal: no move can slip between the two. */
  static async start(
    store: ControlStore,
    journal: JournalFollower,
    migrations: readonly FedMigration[],
  ): Promise<JournalFeed> {
    const feed = new JournalFeed(store, journal, migrations);
    await feed.renew();
    await journal.refresh();
    feed.standings = feed.picture();
    feed.renewing = feed.keepLease();
    return feed;
  }

  current(): Standings {
    return this.standings;
  }

  /** From now on the picture shows these migrations; the proxy takes it with the routes that lead to them. */
  show(migrations: readonly FedMigration[]): void {
    this.migrations = migrations;
    this.standings = this.picture();
  }

  subscribe(changed: (standings: Standings) => void): () => void {
    return this.journal.subscribe(() => {
      this.standings = this.picture();
      changed(this.standings);
    });
  }

  leaseIsLive(): boolean {
    return performance.now() < this.leaseUntil;
  }

  acknowledge(seq: number): void {
    if (seq <= this.acked) return;
    this.acked = seq;
    void this.tell(seq).catch(() => undefined); // the next renewal says it too
  }

  private async tell(seq: number): Promise<void> {
    if (this.journal.fork || !(await this.store.acknowledge(this.id, seq))) await this.renew();
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.renewing;
    await this.store.dropLease(this.id).catch(() => undefined);
  }

  private async keepLease(): Promise<void> {
    while (!this.stop.signal.aborted) {
      if (!this.presence) await this.bePresent().catch(() => undefined);
      await this.renew().catch(() => undefined);
      await pause(RENEW_MS, undefined, { signal: this.stop.signal }).catch(() => undefined);
    }
  }

  /**
   * When this proxy is killed, its connection ends, and moves do not wait for it any more. Nor do they when the connection
   * broke for another reason, so then this proxy trusts its lease again only once it has renewed it.
   */
  private async bePresent(): Promise<void> {
    const lost = (): void => {
      this.presence = null;
      this.leaseUntil = 0;
      void this.renew().catch(() => undefined);
    };
    this.presence = await this.store.bePresent(this.stop.signal, lost);
  }

  /** Counted from before the request: the store's lease never ends before ours. */
  private async renew(): Promise<void> {
    const asked = performance.now();
    const { presence } = this;
    const hadLapsed = asked >= this.leaseUntil;
    await this.takeLease();
    // A whole move may have passed while there was no lease: first the journal, then the confidence.
    if (hadLapsed) await this.journal.refresh();
    // A lease that was renewed with a connection that broke meanwhile is none.
    if (presence === this.presence) this.leaseUntil = Math.max(this.leaseUntil, asked + LEASE_MS);
  }

  /**
   * What was acknowledged of another journal counts for nothing in this one: under a name of its own, the lease says
   * so, and no change of owner begins before this proxy is restarted.
   */
  private async takeLease(): Promise<void> {
    if (!this.journal.fork) return this.store.renewLease(this.id, this.acked, LEASE_MS, this.presence);
    await this.store.renewLease(`${this.id}-of-another-journal`, 0, LEASE_MS);
    await this.store.dropLease(this.id);
  }

  private picture(): Standings {
    return standingsOf(this.journal, this.migrations);
  }
}

/** What of the configuration the journal does not know. */
export function fedMigrations({ migrations }: Config): FedMigration[] {
  return Object.entries(migrations).map(([name, { tables }]) => ({ name, isFenced: tables.length > 0 }));
}

/** Where these migrations stand by the journal as it is known now. */
export function standingsOf(journal: JournalFollower, migrations: readonly FedMigration[]): Standings {
  const standings = migrations.map(({ name, isFenced }): [string, Standing] => {
    const { stage, owner, epoch, stageSeq, weight, change, shadowSince, ...state } = journal.state(name);
    const holdWrites = change !== null;
    const ignored = state.ignored.map(({ path }) => path);
    const known = { migration: name, stage, owner, epoch, stageSeq, weight, shadowSince, ignored };
    return [name, { ...known, holdWrites, isFenced }];
  });
  return { seq: journal.seq, byMigration: new Map(standings) };
}
