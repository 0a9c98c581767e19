import { Agent, request } from 'node:http';

/** A write, and what its client saw of it. */
export interface Sent {
  number: number;
  sentAt: number;
  /** Null while no answer has come. */
  endedAt: number | null;
  /** Status of the answer; 0 when the connection broke before one. */
  status: number | null;
}

const NOT_SENT = new Set(['ECONNREFUSED']);
/** Connections to one proxy. Further writes wait for one here, and that counts: it began when they were due. */
const AT_ONCE = 500;
/** More that are not answered than this: nobody keeps up, and what would be measured is this process. */
const UNANSWERED = 5000;

/**
 * Writes at a steady rate, whatever becomes of the writes before, alternating between the proxies. Who cannot connect
 * to one goes to the other, as clients behind a load balancer do: nothing was sent.
 */
export class Writers {
  readonly all: Sent[] = [];
  private readonly agents: readonly Agent[];
  private readonly proxies: readonly string[];
  private readonly timer: NodeJS.Timeout;
  private readonly startedAt = performance.now();
  private running = 0;

  constructor(proxies: readonly string[], perSecond: number) {
    this.proxies = proxies;
    this.agents = proxies.map(() => new Agent({ keepAlive: true, maxSockets: AT_ONCE }));
    this.timer = setInterval(() => {
      const due = ((performance.now() - this.startedAt) / 1000) * perSecond;
      if (this.running > UNANSWERED)
        throw new Error(`${this.running} writes are not answered; is this machine busy?`);
      while (this.all.length < due) this.begin();
    }, 1);
  }

  /** Those that were under way at some time between these two. */
  during(from: number, to: number): Sent[] {
    return this.all.filter(({ sentAt, endedAt }) => sentAt < to && (endedAt ?? Infinity) > from);
  }

  /** Sends no more, and waits for the answers to what was sent. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    const giveUpAt = performance.now() + 30_000;
    while (this.running > 0 && performance.now() < giveUpAt)
      await new Promise((done) => setTimeout(done, 10));
    for (const agent of this.agents) agent.destroy();
  }

  private begin(): void {
    const number = this.all.length + 1;
    const sent: Sent = { number, sentAt: performance.now(), endedAt: null, status: null };
    this.all.push(sent);
    this.running += 1;
    void this.send(number, number % this.proxies.length, this.proxies.length).then((status) => {
      sent.endedAt = performance.now();
      sent.status = status;
      this.running -= 1;
    });
  }

  private send(number: number, to: number, tries: number): Promise<number> {
    const url = `${this.proxies[to]}/notes/${number}`;
    const { promise, resolve } = Promise.withResolvers<number>();
    const asking = request(url, { method: 'POST', agent: this.agents[to] }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
      answer.once('error', () => resolve(0));
    });
    asking.once('error', (error: NodeJS.ErrnoException) => {
      const isSent = !NOT_SENT.has(error.code ?? '');
      resolve(isSent || tries <= 1 ? 0 : this.send(number, (to + 1) % this.proxies.length, tries - 1));
    });
    asking.end();
    return promise;
  }
}
