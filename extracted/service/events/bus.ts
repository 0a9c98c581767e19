import { setTimeout as pause } from 'node:timers/promises';
import { Counter, Gauge } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { Watchers } from '../app.ts';
import { type BusSettings, Link, queueOf } from './broker.ts';
import { Consumer, type Taken } from './consume.ts';
import { countWaiting, trim, type Waiting } from './outbox.ts';
import { relay } from './relay.ts';
import type { ServiceName, Taker } from './subscriptions.ts';

/** Without a broker the newest events are kept, for the day when there is one. */
const KEPT = Number(process.env.OUTBOX_LIMIT ?? 10_000);
const TRIM_MS = 1000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** How a service stands with its events, as its readiness tells it. */
export interface EventsState extends Waiting {
  broker: 'none' | 'away' | 'connected';
}

/** Carries a service's events: out of its outbox, and into its database those that it takes. */
export class Bus {
  readonly #service: ServiceName;
  readonly #database: DataSource;
  readonly #settings: BusSettings | null;
  readonly #watchers: Watchers;
  readonly #counters: Counters;
  #isConnected = false;

  constructor(service: ServiceName, database: DataSource, settings: BusSettings | null, watchers: Watchers) {
    this.#service = service;
    this.#database = database;
    this.#settings = settings;
    this.#watchers = watchers;
    this.#counters = counters(this, watchers);
  }

  async state(): Promise<EventsState> {
    const broker = this.#settings === null ? 'none' : this.#isConnected ? 'connected' : 'away';
    return { broker, ...(await countWaiting(this.#database)) };
  }

  /** Runs until it is ended. */
  start(takers: Readonly<Record<string, Taker>>): () => Promise<void> {
    const ending = new AbortController();
    const { signal } = ending;
    const running = this.#settings ? this.#carry(this.#settings, takers, signal) : this.#keep(signal);
    return async () => {
      ending.abort();
      await running;
    };
  }

  /** Whatever fails ends a session; the next one follows, later after each failure in a row. */
  async #carry(settings: BusSettings, takers: Record<string, Taker>, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#session(settings, takers, signal);
      } catch (error) {
        if (this.#isConnected) failures = 0;
        const why = error instanceof Error ? error.message : String(error);
        this.#watchers.log.warn({ why }, 'events wait');
      }
      this.#isConnected = false;
      const ms = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
      await pause(ms, undefined, { signal }).catch(() => undefined);
    }
  }

  async #session(settings: BusSettings, takers: Record<string, Taker>, signal: AbortSignal): Promise<void> {
    // Whoever takes events must be able to: what comes back to the broker too often is kept aside by it.
    await this.#database.query('SELECT 1');
    const link = await Link.open(settings.url, `${settings.prefix} ${this.#service}`);
    const over = new AbortController();
    const ended = AbortSignal.any([signal, over.signal]);
    let consumer: Consumer | null = null;
    try {
      await link.declare(settings.prefix);
      const queue = queueOf(settings.prefix, this.#service);
      consumer = await Consumer.begin(
        { database: this.#database, queue, takers, heard: this.#hear },
        link,
        ended,
      );
      this.#isConnected = true;
      const published = (events: number) => this.#counters.published.inc(events);
      const relaying = relay(this.#service, this.#database, link, settings, ended, published);
      await Promise.race([relaying, link.broken]);
    } finally {
      over.abort();
      await consumer?.end();
      await link.close();
    }
  }

  async #keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const dropped = await trim(this.#database, KEPT).catch(() => 0);
      this.#counters.dropped.inc(dropped);
      await pause(TRIM_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  readonly #hear = (what: Taken, reason?: string): void => {
    this.#counters[what].inc();
    if (reason !== undefined) this.#watchers.log.warn({ why: reason }, 'an event was kept aside');
  };
}

type Counters = Record<Taken | 'published' | 'dropped', Counter>;

function counters(bus: Bus, { metrics: { registry } }: Watchers): Counters {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name: `events_${name}`, help, registers });
  new Gauge({
    name: 'events_outbox_waiting',
    help: 'Events that the broker does not have yet',
    registers,
    async collect() {
      // A database that is away must not take the other metrics with it.
      const state = await bus.state().catch(() => null);
      this.set(state?.waiting ?? Number.NaN);
      oldest.set(state?.oldestSeconds ?? Number.NaN);
      connected.set(state?.broker === 'connected' ? 1 : 0);
    },
  });
  const gauge = (name: string, help: string) => new Gauge({ name: `events_${name}`, help, registers });
  const oldest = gauge('outbox_oldest_seconds', 'Age of the oldest event that waits');
  const connected = gauge('broker_connected', 'Whether events can flow');
  return {
    published: counter('published_total', 'Events that the broker has confirmed'),
    dropped: counter(
      'dropped_total',
      'Events that were deleted because there is no broker and too many waited',
    ),
    taken: counter('taken_total', 'Events of others that were taken'),
    duplicate: counter('duplicates_total', 'Events that were taken before, or were older than one that was'),
    dead: counter('dead_total', 'Events that could not be taken and lie in the dead-letter queue'),
  };
}
