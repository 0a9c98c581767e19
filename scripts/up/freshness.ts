import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { readPace } from '../../migrations/lifecycle/pace.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { Freshness, Look, WriteNews } from '../../proxy/data-plane/canary/freshness.ts';

/** Often enough that a guess about the time since is not far off. */
const LOOK_MS = 400;
const LOOK_OFTEN_MS = 25;
const OFTEN_FOR_MS = 1000;
const CHANNEL = 'strangler_writes';
/** PostgreSQL takes payloads of up to 8000 bytes; a write is told in about 150. */
const TOLD_AT_ONCE = 32;

const UNTOLD_AT_MOST = 10_000;

interface Told {
  from: string;
  /** Something before this could not be told. */
  hasLost: boolean;
  writes: WriteNews[];
}

/** Tells one proxy how far the sync is, and the proxies of each other's writes; idle unless a canary is on. */
export class StoreFreshness implements Freshness {
  private readonly store: ControlStore;
  private readonly journal: JournalFollower;
  private readonly slowestOf: (applied: Map<string, number>) => Map<string, number>;
  private readonly id = randomUUID();
  private readonly stop = new AbortController();
  private readonly looked = new Set<() => void>();
  private readonly heard = new Set<(news: WriteNews | null) => void>();
  private readonly untold: WriteNews[] = [];
  private isTelling = false;
  private hasLost = false;
  private look: Look | null = null;
  private oftenUntil = 0;
  private ear: AbortController | null = null;
  private isConnected = false;
  private wake: () => void = () => undefined;
  private readonly unsubscribe: () => void;
  private readonly running: Promise<void>;

  /** @param slowestOf what of each migration counts: its answers may rest on tables that another one of its group keeps */
  constructor(
    store: ControlStore,
    journal: JournalFollower,
    slowestOf: (applied: Map<string, number>) => Map<string, number> = (applied) => applied,
  ) {
    this.store = store;
    this.journal = journal;
    this.slowestOf = slowestOf;
    this.unsubscribe = journal.subscribe(() => this.wake());
    this.running = this.run();
  }

  latest(): Look | null {
    return this.look;
  }

  lookOften(): void {
    const now = performance.now();
    const isAsleep = now >= this.oftenUntil;
    this.oftenUntil = now + OFTEN_FOR_MS;
    if (isAsleep) this.wake();
  }

  onLook(looked: () => void): () => void {
    this.looked.add(looked);
    return () => this.looked.delete(looked);
  }

  isHearing(): boolean {
    return this.isConnected;
  }

  onNews(heard: (news: WriteNews | null) => void): () => void {
    this.heard.add(heard);
    return () => this.heard.delete(heard);
  }

  /** Everything that comes up while one message is on its way goes with the next one. */
  tell(news: WriteNews): void {
    if (!this.isWanted()) return;
    if (this.untold.length < UNTOLD_AT_MOST) this.untold.push(news);
    else this.hasLost = true;
    void this.tellAll();
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.unsubscribe();
    this.wake();
    await this.running;
    this.ear?.abort();
  }

  private isWanted(): boolean {
    for (const { stage } of this.journal.states.values()) if (stage === 'canary') return true;
    return false;
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      // Before anything is awaited: what wakes it during a look must not be lost.
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      if (this.isWanted()) await this.lookOnce().catch(() => undefined);
      else this.rest();
      const ms = performance.now() < this.oftenUntil ? LOOK_OFTEN_MS : LOOK_MS;
      const waking = new AbortController();
      const waited = pause(ms, undefined, { signal: waking.signal }).catch(() => undefined);
      // While it looks often, being asked to look is no reason to look at once.
      await (ms === LOOK_MS ? Promise.race([woken, waited]) : waited);
      waking.abort();
    }
  }

  private async lookOnce(): Promise<void> {
    if (!this.ear) await this.hear();
    const askedAt = performance.now();
    const pace = await readPace(this.store);
    const applied = pace && this.slowestOf(new Map(Object.entries(pace.applied)));
    this.look = pace && applied && { ...pace, applied, askedAt };
    for (const looked of this.looked) looked();
    if (this.hasLost) void this.tellAll();
  }

  private rest(): void {
    this.ear?.abort();
    this.lose();
    this.look = null;
  }

  private async hear(): Promise<void> {
    const ear = new AbortController();
    const events = await this.store.listen(ear.signal, CHANNEL);
    this.ear = ear;
    this.isConnected = true;
    events.on('wake', (payload: string) => this.take(payload));
    events.once('lost', () => this.ear === ear && this.lose());
    this.pass(null);
  }

  private lose(): void {
    this.ear = null;
    this.isConnected = false;
  }

  private take(payload: string): void {
    const { from, hasLost, writes } = JSON.parse(payload) as Told;
    if (from === this.id) return;
    if (hasLost) this.pass(null);
    for (const news of writes) this.pass(news);
  }

  private pass(news: WriteNews | null): void {
    for (const heard of this.heard) heard(news);
  }

  private async tellAll(): Promise<void> {
    if (this.isTelling) return;
    this.isTelling = true;
    try {
      while (this.untold.length > 0 || this.hasLost) {
        const told: Told = {
          from: this.id,
          hasLost: this.hasLost,
          writes: this.untold.splice(0, TOLD_AT_ONCE),
        };
        this.hasLost = false;
        await this.store.query(`SELECT pg_notify('${CHANNEL}', $1)`, [JSON.stringify(told)]);
      }
    } catch {
      // The store is away. Told with the next news, or after the next look.
      this.hasLost = true;
    } finally {
      this.isTelling = false;
    }
  }
}
