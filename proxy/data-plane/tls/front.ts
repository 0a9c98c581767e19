import { X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TlsOptions,
} from 'node:tls';
import type { ProxyLogger } from '../observe/observers.ts';
import { FileBacked } from './file-backed.ts';
import type { FrontTlsSettings } from './schema.ts';

interface Pair {
  certificate: X509Certificate;
  options: SecureContextOptions;
  context: SecureContext;
}

// Whoever opens a connection and then says nothing holds it no longer than a slow head may take.
const HANDSHAKE_MS = 15_000;

/** The certificates that the proxy shows to its clients, exchanged while it listens. */
export class FrontTls {
  readonly #logger: ProxyLogger;
  #settings: FrontTlsSettings;
  #pairs: FileBacked<Pair[]>;
  #server: Server | null = null;

  /** Throws when the files are of no use. */
  constructor(settings: FrontTlsSettings, logger: ProxyLogger) {
    this.#settings = settings;
    this.#logger = logger;
    this.#pairs = this.#load(settings);
  }

  /** What a server that listens with these certificates is made with. */
  serverOptions(): TlsOptions {
    const { clientAuth } = this.#settings;
    return {
      ...this.#pairs.current[0]?.options,
      // A client that offers HTTP/2 as well is told that it is HTTP/1.1 here.
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: HANDSHAKE_MS,
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'required',
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
    };
  }

  /** From now on, connections to this server get the newest certificates. */
  serve(server: Server): void {
    this.#server = server;
    server.prependListener('secureConnection', (socket) => {
      // `optional` spares whoever shows none, not whoever shows a wrong one.
      const isWrong = this.#settings.clientAuth !== 'none' && !socket.authorized;
      if (isWrong && socket.getPeerX509Certificate()) socket.destroy();
    });
  }

  /** Takes other files. What is of no use is refused, and the certificates in use stay. */
  configure(settings: FrontTlsSettings): void {
    if (isDeepStrictEqual(settings, this.#settings)) return;
    try {
      const next = this.#load(settings);
      this.#pairs.close();
      this.#pairs = next;
      this.#settings = settings;
    } catch (error) {
      return this.#refused(error, settings);
    }
    this.#show(this.#pairs.current);
  }

  close(): void {
    this.#pairs.close();
  }

  #load(settings: FrontTlsSettings): FileBacked<Pair[]> {
    const { ca, others, minVersion } = settings;
    const pairs = [settings, ...others].flatMap(({ cert, key }) => [cert, key]);
    return new FileBacked({
      files: ca === undefined ? pairs : [...pairs, ca],
      make: (contents) => {
        const shared = { minVersion, ...(ca === undefined ? {} : { ca: contents.at(-1) }) };
        return contents.slice(0, pairs.length).flatMap((cert, at) => {
          return at % 2 === 0 ? [pairOf({ ...shared, cert, key: contents[at + 1] })] : [];
        });
      },
      changed: (next) => this.#show(next),
      refused: (error) => this.#refused(error, settings),
    });
  }

  #show(pairs: readonly Pair[]): void {
    const [first] = pairs;
    if (!first) return;
    this.#server?.setSecureContext(first.options);
    this.#logger.info({ validTo: first.certificate.validTo }, 'new connections get a new certificate');
  }

  #refused(error: unknown, { cert, key, others }: FrontTlsSettings): void {
    const why = error instanceof Error ? error.message : String(error);
    const files = [{ cert, key }, ...others].flatMap((pair) => [pair.cert, pair.key]);
    this.#logger.warn({ why, files }, 'the new certificate is refused; the one in use stays');
  }

  #contextFor(name: string): SecureContext | undefined {
    const { current } = this.#pairs;
    return (current.find(({ certificate }) => certificate.checkHost(name)) ?? current[0])?.context;
  }
}

function pairOf(options: SecureContextOptions & { cert: Buffer }): Pair {
  return { certificate: new X509Certificate(options.cert), options, context: createSecureContext(options) };
}
