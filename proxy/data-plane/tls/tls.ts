import type { ProxyLogger } from '../observe/observers.ts';
import type { UpstreamSettings } from '../upstreams/upstreams.ts';
import { FrontTls } from './front.ts';
import type { FrontTlsSettings } from './schema.ts';
import { tlsByHost, UpstreamTls } from './upstream.ts';

/** What the configuration says of TLS. */
export interface TlsSettings {
  front: FrontTlsSettings | undefined;
  upstreams: UpstreamSettings;
}

/** All certificates of the proxy: those it shows, and those it believes. */
export class Tls {
  /** Null while clients speak plain HTTP; that is decided once. */
  readonly front: FrontTls | null;
  readonly upstream: UpstreamTls;

  /** Throws when files are of no use. */
  constructor({ front, upstreams }: TlsSettings, logger: ProxyLogger) {
    this.front = front ? new FrontTls(front, logger) : null;
    this.upstream = new UpstreamTls(tlsByHost(upstreams), logger);
  }

  configure({ front, upstreams }: TlsSettings): void {
    if (front) this.front?.configure(front);
    this.upstream.configure(tlsByHost(upstreams));
  }

  close(): void {
    this.front?.close();
    this.upstream.close();
  }
}
