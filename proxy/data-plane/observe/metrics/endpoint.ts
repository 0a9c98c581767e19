import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { splitAddress } from '../../lane/listen-address.ts';
import type { ProxyLogger } from '../observers.ts';
import type { MetricsSettings } from '../schema.ts';

const TRIES = 10;
const TRY_MS = 100;

/** What the endpoint shows. */
export interface Shown {
  metrics: () => Promise<string>;
  /** Why no traffic should come here now; null when it should. */
  notReadyBecause: () => string | null;
}

/** A listener of its own for figures and probes, so that neither is mistaken for the application's. */
export class MetricsEndpoint {
  readonly #shown: Shown;
  readonly #logger: ProxyLogger;
  #listen: string | undefined;
  #server: Server | null = null;
  /** One change of address after the other. */
  #changed: Promise<void> = Promise.resolve();

  constructor(shown: Shown, logger: ProxyLogger) {
    this.#shown = shown;
    this.#logger = logger;
  }

  /** With the port that it really listens on; null while it is off. */
  get url(): string | null {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (!address) return null;
    return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  }

  /** Listens where it is told to; rejects when it cannot. */
  async open(settings: MetricsSettings | undefined): Promise<void> {
    if (!settings) return;
    this.#server = await listen(settings.listen, (path, res) => this.#answer(path, res));
    this.#listen = settings.listen;
    this.#logger.info({ url: this.url }, 'metrics listen');
  }

  /** Moves to another address. Where it cannot listen the old one stays open, and the log says so. */
  configure(settings: MetricsSettings | undefined): void {
    this.#changed = this.#changed.then(async () => {
      if (settings?.listen === this.#listen) return;
      const before = this.#server;
      try {
        if (settings) await this.#openOnceFree(settings);
        else [this.#server, this.#listen] = [null, undefined];
        await shut(before);
      } catch (error) {
        this.#logger.error({ error }, 'the metrics stay where they were');
      }
    });
  }

  /** Another process of this proxy may be about to leave the port. */
  async #openOnceFree(settings: MetricsSettings): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.open(settings);
      } catch (error) {
        const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
        if (cause?.code !== 'EADDRINUSE' || tries === TRIES) throw error;
        if (tries === 1)
          this.#logger.info({ listen: settings.listen }, 'the metrics find it taken, trying again');
        await pause(TRY_MS);
      }
    }
  }

  async close(): Promise<void> {
    await this.#changed;
    await shut(this.#server);
    this.#server = null;
  }

  async #answer(path: string, res: ServerResponse): Promise<void> {
    if (path === '/metrics') {
      const text = await this.#shown.metrics();
      res.writeHead(200, { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE }).end(text);
    } else if (path === '/healthz') {
      say(res, 200, 'up');
    } else if (path === '/readyz') {
      const why = this.#shown.notReadyBecause();
      say(res, why === null ? 200 : 503, why ?? 'ready');
    } else {
      say(res, 404, 'Here are /metrics, /healthz and /readyz.');
    }
  }
}

function say(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

function listen(
  address: string,
  answer: (path: string, res: ServerResponse) => Promise<void>,
): Promise<Server> {
  const server = createServer((req, res) => {
    const path = (req.url ?? '').split('?', 1)[0] ?? '';
    if (req.method !== 'GET' && req.method !== 'HEAD') return say(res, 405, 'Only GET and HEAD.');
    answer(path, res).catch((error: unknown) => say(res, 500, String(error)));
  });
  return new Promise((resolve, reject) => {
    server.on('error', (cause) => {
      const words = `Metrics cannot be shown on ${address} (proxy.metrics.listen): ${cause.message}.`;
      reject(new Error(words, { cause }));
    });
    server.listen(splitAddress(address), () => resolve(server));
  });
}

function shut(server: Server | null): Promise<void> {
  return new Promise((resolve) => {
    if (!server) return resolve();
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
