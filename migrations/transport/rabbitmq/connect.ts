import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'amqplib';
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { BrokerError, BrokerUnreachableError, whereIs, wordsOf } from './errors.ts';

const CONNECT_MS = 5000;
const GOODBYE_MS = 2000;
/** A broker whose host lost its power is noticed after two of these. */
const HEARTBEAT_SECONDS = 10;

/** One connection. Whatever breaks it, or a channel of it, breaks all of it: a new one is cheaper than a doubtful one. */
export class Link {
  readonly where: string;
  /** Never fulfilled; rejected with a BrokerError when the connection is of no use any more. */
  readonly broken: Promise<never>;
  private readonly model: ChannelModel;
  private readonly closed: Promise<void>;
  private breaks: (error: BrokerError) => void = () => undefined;

  private constructor(where: string, model: ChannelModel) {
    this.where = where;
    this.model = model;
    this.broken = new Promise((_, reject) => (this.breaks = reject));
    this.broken.catch(() => undefined);
    model.on('error', (error) => this.break(error));
    this.closed = new Promise((resolve) => {
      model.on('close', (error) => {
        this.break(error ?? 'the connection was closed');
        resolve();
      });
    });
    model.on('blocked', (reason) =>
      this.break(`it takes no messages now (${reason}); free its memory or disk`),
    );
  }

  /**
   * @param purpose what the broker's own tools show for the connection
   * @throws BrokerUnreachableError
   */
  static async open(url: string, purpose: string): Promise<Link> {
    const where = whereIs(url);
    const { searchParams } = new URL(url);
    const asked = searchParams.has('heartbeat') ? url : withHeartbeat(url);
    try {
      const model = await connect(asked, {
        timeout: CONNECT_MS,
        noDelay: true,
        clientProperties: { connection_name: `strangler ${purpose}` },
      });
      return new Link(where, model);
    } catch (error) {
      const words = wordsOf(error);
      const hint = /\b(403|530)\b|ACCESS.REFUSED/.test(words)
        ? '; check user, password and virtual host in transport.rabbitmq.url'
        : '';
      throw new BrokerUnreachableError(where, `it cannot be reached: ${words}${hint}`, error);
    }
  }

  /** A channel whose failure breaks the link. */
  async channel(): Promise<Channel> {
    return this.guard(await this.model.createChannel());
  }

  async confirmChannel(): Promise<ConfirmChannel> {
    return this.guard(await this.model.createConfirmChannel());
  }

  /** Works on a channel of its own: a refusal by the broker closes the channel that it came on. */
  async apart<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const channel = await this.model.createChannel();
    channel.on('error', () => undefined);
    const result = await work(channel);
    // Not waited for: the answer never comes when the connection ends meanwhile.
    void channel.close().catch(() => undefined);
    return result;
  }

  break(cause: unknown): void {
    this.breaks(cause instanceof BrokerError ? cause : new BrokerError(this.where, wordsOf(cause), cause));
  }

  /** Never throws, and ends in any case: a goodbye that the other end does not answer would be waited for for ever. */
  async close(): Promise<void> {
    const goodbye = this.model.close().catch(() => undefined);
    const patience = pause(GOODBYE_MS, undefined, { ref: false });
    await Promise.race([goodbye, this.closed, patience]);
  }

  private guard<T extends Channel>(channel: T): T {
    channel.on('error', (error) => this.break(error));
    // Channels end before the connection that they are on, which knows why.
    channel.on('close', () => setImmediate(() => this.break('a channel was closed')));
    return channel;
  }
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  parsed.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return parsed.href;
}
