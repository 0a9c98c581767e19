import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext, type ConnectionOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { ProxyLogger } from '../observe/observers.ts';
import { FileBacked } from './file-backed.ts';
import type { UpstreamSettings } from '../upstreams/upstreams.ts';
import type { UpstreamTlsSettings } from './schema.ts';

/** By host and port of an https address. */
export type UpstreamTlsByHost = Readonly<Record<string, UpstreamTlsSettings>>;

/** What the sides say of TLS, at each of their https addresses. */
export function tlsByHost({ monolith, services }: UpstreamSettings): UpstreamTlsByHost {
  const found: Record<string, UpstreamTlsSettings> = {};
  for (const { url, tls } of [monolith, ...Object.values(services)]) {
    if (tls) for (const each of [url].flat()) found[new URL(each).host] = tls;
  }
  return found;
}

interface Known {
  settings: UpstreamTlsSettings;
  files: FileBacked<ConnectionOptions>;
}

// While the files of an address are of no use nobody is believed there: to go on without what was asked for would be
// worse than to stop.
const REFUSE_EVERYBODY: ConnectionOptions = { ca: [], rejectUnauthorized: true };

/** How the proxy connects to each https address: whom it believes and what it shows. */
export class UpstreamTls {
  readonly #logger: ProxyLogger;
  #known = new Map<string, Known>();
  /** What was given out; a new object says that new connections are needed. */
  #given = new Map<string, ConnectionOptions>();

  /** Throws when files are of no use. */
  constructor(settings: UpstreamTlsByHost, logger: ProxyLogger) {
    this.#logger = logger;
    for (const [host, each] of Object.entries(settings)) this.#known.set(host, this.#load(host, each));
  }

  /** Takes other settings; an address whose files are of no use gets no connection until they are. */
  configure(settings: UpstreamTlsByHost): void {
    const before = this.#known;
    this.#known = new Map(
      Object.entries(settings).map(([host, each]) => {
        const kept = before.get(host);
        const isSame = kept && isDeepStrictEqual(kept.settings, each);
        return [host, isSame ? kept : this.#load(host, each, REFUSE_EVERYBODY)];
      }),
    );
    for (const [host, known] of [...before, ...this.#known]) {
      if (before.get(host) === this.#known.get(host)) continue;
      this.#given.delete(host);
      if (before.get(host) === known) known.files.close();
    }
  }

  /** The same object until the certificates for this address change. */
  optionsFor(address: URL): ConnectionOptions {
    const { host } = address;
    let options = this.#given.get(host);
    if (!options) {
      const known = this.#known.get(host);
      options = { ...known?.files.current, servername: nameOf(address, known?.settings) };
      this.#given.set(host, options);
    }
    return options;
  }

  close(): void {
    for (const { files } of this.#known.values()) files.close();
  }

  #load(host: string, settings: UpstreamTlsSettings, meanwhile?: ConnectionOptions): Known {
    if (!settings.verify) {
      this.#logger.warn(
        { host },
        'verify is off: whoever answers at this address is believed, and can read and change everything',
      );
    }
    const files = new FileBacked<ConnectionOptions>({
      files: filesOf(settings).map(([, file]) => file),
      make: (contents) => optionsOf(settings, contents),
      changed: () => {
        this.#given.delete(host);
        this.#logger.info({ host }, 'new connections to this address use the new certificates');
      },
      refused: (error) =>
        this.#logger.warn(
          { host, error },
          'the certificate files for this address are of no use as they are',
        ),
      ...(meanwhile ? { meanwhile } : {}),
    });
    return { settings, files };
  }
}

/** How to connect to an https address just once. Throws when its files are of no use. */
export function readUpstreamTls(address: URL, settings: UpstreamTlsSettings | undefined): ConnectionOptions {
  const contents = settings ? filesOf(settings).map(([, file]) => readFileSync(file)) : [];
  return {
    ...(settings ? optionsOf(settings, contents) : {}),
    servername: nameOf(address, settings),
  };
}

type NamedFile = [option: 'ca' | 'cert' | 'key', file: string];

function filesOf({ ca, cert, key }: UpstreamTlsSettings): NamedFile[] {
  return Object.entries({ ca, cert, key }).filter((each): each is NamedFile => each[1] !== undefined);
}

function optionsOf(settings: UpstreamTlsSettings, contents: readonly Buffer[]): ConnectionOptions {
  const options = Object.fromEntries(filesOf(settings).map(([option], at) => [option, contents[at]]));
  // Says now what would else be said at the next connection.
  createSecureContext(options);
  return { ...options, rejectUnauthorized: settings.verify };
}

/**
 * The name to ask for. Never the Host header, which is the client's word; an address without a name has none, and its
 * certificate has to carry the address.
 */
function nameOf({ hostname }: URL, settings: UpstreamTlsSettings | undefined): string {
  if (settings?.serverName !== undefined) return settings.serverName;
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : '';
}
