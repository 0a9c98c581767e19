import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { connect } from 'amqplib';
import type { Channel, ChannelModel } from 'amqplib';
import pg from 'pg';
import { keepInStep } from '../relay/keep-in-step.ts';
import type { SyncReport } from '../relay/keep-in-step.ts';
import { rabbitmqTransport } from '../transport/rabbitmq/rabbitmq.ts';
import type { RabbitmqSettings } from '../transport/rabbitmq/schema.ts';
import { AmqpWire } from './amqp-wire.ts';
import { testBroker } from './broker.ts';
import type { TwoDatabases } from './two-databases.ts';
import { twoDatabases } from './two-databases.ts';

const PATIENCE_MS = 45_000;

/** A sync over the bus, as a process would run it. */
export interface Carrier {
  /** Waits for a report that fits; an error with the last one says why none did. */
  reports(fits: (report: SyncReport) => boolean): Promise<SyncReport>;
  stop(): Promise<void>;
}

/** Two databases and a bus between them, on a broker that is real; all names are this bed's own. */
export class BusBed {
  readonly databases: TwoDatabases;
  readonly monolith: pg.Client;
  readonly service: pg.Client;
  /** Between the sync and the broker. */
  readonly wire: AmqpWire;
  readonly settings: RabbitmqSettings;
  /** Straight to the broker. */
  readonly channel: Channel;
  private readonly connection: ChannelModel;
  private readonly closeBroker: () => Promise<void>;
  private readonly carriers: Carrier[] = [];

  private constructor(
    databases: TwoDatabases,
    clients: [pg.Client, pg.Client],
    wire: AmqpWire,
    connection: ChannelModel,
    channel: Channel,
    closeBroker: () => Promise<void>,
  ) {
    this.databases = databases;
    [this.monolith, this.service] = clients;
    this.wire = wire;
    this.connection = connection;
    this.channel = channel;
    this.closeBroker = closeBroker;
    const prefix = `t-${randomBytes(4).toString('hex')}`;
    this.settings = { url: wire.url, prefix, partitions: 3, prefetch: 5, events: `${prefix}.events` };
  }

  static async open(): Promise<BusBed> {
    const broker = await testBroker();
    const databases = await twoDatabases();
    await databases.install();
    const clients = [databases.urls.monolith, databases.urls.service].map(
      (connectionString) => new pg.Client({ connectionString }),
    ) as [pg.Client, pg.Client];
    await Promise.all(clients.map((client) => client.connect()));
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    const wire = await AmqpWire.to(broker.url);
    return new BusBed(databases, clients, wire, connection, channel, broker.close);
  }

  queue(partition: number): string {
    return `${this.settings.prefix}.catalog.e${this.databases.stream.epoch}.p${partition}`;
  }

  get unreadable(): string {
    return `${this.settings.prefix}.catalog.unreadable`;
  }

  carry(settings: Partial<RabbitmqSettings> = {}): Carrier {
    const stop = new AbortController();
    const said = new EventEmitter();
    let last: SyncReport | null = null;
    const transport = rabbitmqTransport({ ...this.settings, ...settings });
    const observe = (report: SyncReport): void => {
      last = { ...report };
      said.emit('report', last);
    };
    const ended = keepInStep(this.databases.stream, transport, null, observe, stop.signal);
    const carrier: Carrier = {
      reports: async (fits) => {
        const giveUp = AbortSignal.timeout(PATIENCE_MS);
        for (;;) {
          const [report] = (await once(said, 'report', { signal: giveUp }).catch(() => {
            throw new Error(`no report fitted; the last one: ${JSON.stringify(last)}`);
          })) as [SyncReport];
          if (fits(report)) return report;
        }
      },
      stop: async () => {
        stop.abort();
        await ended;
      },
    };
    this.carriers.push(carrier);
    return carrier;
  }

  /** Waits until a report that was made later than this call says that nothing is behind. */
  async caughtUp(carrier: Carrier): Promise<void> {
    await carrier.reports(() => true);
    await carrier.reports(({ state, lagChanges }) => state === 'live' && lagChanges === 0);
  }

  /** Rows that are not the same on both sides: none, if all went well. */
  async differences(): Promise<string[]> {
    const [here, there] = await Promise.all([
      this.monolith.query<{ row: string }>(
        `SELECT 'maker ' || id || nm AS row FROM maker
         UNION ALL SELECT concat_ws(' ', 'item', id, code, maker_id, (price * 100)::bigint, qty) FROM item`,
      ),
      this.service.query<{ row: string }>(
        `SELECT 'maker ' || id || name AS row FROM manufacturer
         UNION ALL SELECT concat_ws(' ', 'item', id, sku, manufacturer_id, price_minor, on_hand)
           FROM product LEFT JOIN stock ON product_id = id`,
      ),
    ]);
    const [left, right] = [here, there].map(({ rows }) => new Set(rows.map(({ row }) => row)));
    return [...(left ?? [])]
      .filter((row) => !right?.has(row))
      .map((row) => `missing: ${row}`)
      .concat([...(right ?? [])].filter((row) => !left?.has(row)).map((row) => `too much: ${row}`));
  }

  /** Remembers each position that the follower had, and each change that was ever parked there. */
  async keepHistory(): Promise<void> {
    await this.service.query(`
      CREATE TABLE history (at bigserial, what text, value text);
      CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.history (what, value) VALUES (TG_TABLE_NAME,
          CASE TG_TABLE_NAME WHEN 'side' THEN to_jsonb(NEW)->>'position' ELSE to_jsonb(NEW)->>'reason' END);
        RETURN NULL; END $$;
      CREATE TRIGGER remember AFTER UPDATE ON strangler.side FOR EACH ROW EXECUTE FUNCTION remember();
      CREATE TRIGGER remember AFTER INSERT ON strangler.parked FOR EACH ROW EXECUTE FUNCTION remember();`);
  }

  async history(what: 'side' | 'parked'): Promise<string[]> {
    const { rows } = await this.service.query<{ value: string }>(
      'SELECT value FROM history WHERE what = $1 ORDER BY at',
      [what],
    );
    return rows.map(({ value }) => value);
  }

  async close(): Promise<void> {
    this.wire.release();
    await Promise.all(this.carriers.map((carrier) => carrier.stop()));
    await this.wire.close();
    const channel = await this.connection.createChannel();
    const { prefix, events } = this.settings;
    for (const queue of [0, 1, 2].map((i) => this.queue(i))) await channel.deleteQueue(queue);
    await channel.deleteQueue(this.unreadable);
    for (const exchange of [`${prefix}.changes`, events ?? '']) await channel.deleteExchange(exchange);
    await this.connection.close();
    await Promise.all([this.monolith.end(), this.service.end()]);
    await this.databases.close();
    await this.closeBroker();
  }
}
