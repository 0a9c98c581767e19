import type { TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  FakeFeed,
  readUntil,
  openSocket,
  send,
  sideAt,
  standing,
  startBed,
  until,
  type Bed,
} from '../testing/bed.ts';
import { certify, Files, newAuthority, type Pair } from '../testing/certificates.ts';
import { SecureUpstream } from '../testing/secure-upstream.ts';
import { upstreamTlsSchema } from './schema.ts';
import { UpstreamTls } from './upstream.ts';

let authority: Pair;
let stranger: Pair;
let shop: Pair;
let files: Files;
let ca: string;
let bed: Bed | null = null;
let upstream: SecureUpstream | null = null;
beforeAll(async () => {
  files = new Files();
  authority = await newAuthority();
  stranger = await newAuthority('stranger');
  shop = await certify(authority, ['shop.internal']);
  ca = files.write('ca.crt', authority.cert);
});
afterEach(async () => {
  await bed?.stop();
  await upstream?.stop();
  [bed, upstream] = [null, null];
});
afterAll(() => files.remove());

/** Puts a monolith that speaks TLS behind the proxy. */
async function start(server: TlsOptions, tls: object | undefined, part: object = {}): Promise<Bed> {
  upstream = await new SecureUpstream(server).start();
  bed = await startBed({});
  look(tls, part);
  return bed;
}

/** Tells the proxy what to do about TLS towards the monolith. */
function look(tls: object | undefined, part: object = {}): void {
  const { config, proxy } = bed as Bed;
  const monolith = sideAt((upstream as SecureUpstream).url, { ...part, ...(tls ? { tls } : {}) });
  proxy.reconfigure({ ...config, upstreams: { ...config.upstreams, monolith } });
}

const ask = (headers = {}) => send((bed as Bed).proxy.url, 'GET', '/api/products/1', { headers });

describe('TLS towards a side', () => {
  it('believes the authorities that it was told, and passes the answer on', async () => {
    await start(shop, { ca });
    expect((await ask()).status).toBe(200);
  });

  it.each<[string, () => Promise<TlsOptions>, (() => object) | undefined, RegExp]>([
    ['whose authority nobody named', async () => shop, undefined, /UNABLE_TO_VERIFY_LEAF_SIGNATURE/],
    ['of another authority', () => certify(stranger, ['shop.internal']), () => ({ ca }), /UNABLE_TO_VERIFY/],
    [
      'that has expired',
      () => certify(authority, ['a'], { expired: true }),
      () => ({ ca }),
      /CERT_HAS_EXPIRED/,
    ],
    ['for another place', () => certify(authority, ['a'], { at: null }), () => ({ ca }), /ALTNAME_INVALID/],
    ['for another name', async () => shop, () => ({ ca, serverName: 'other.internal' }), /ALTNAME_INVALID/],
  ])('sends nothing to a side with a certificate %s', async (_, certificate, tls, code) => {
    await start(await certificate(), tls?.());
    const reply = await ask();
    expect(reply.json()).toMatchObject({ status: 502, title: 'The monolith cannot be reached' });
    expect(reply.json()['detail']).toMatch(code);
    expect(upstream?.clients).toEqual([]);
  });

  it('verifies the name that it was told instead of the address', async () => {
    await start(await certify(authority, ['shop.internal'], { at: null }), {
      ca,
      serverName: 'shop.internal',
    });
    expect((await ask()).status).toBe(200);
  });

  it('never takes the name to verify from the client, and tells the side the host that it asked for', async () => {
    await start(shop, { ca });
    for (const host of ['shop.example', 'evil.example:8443', 'shop.internal']) {
      const reply = await ask({ host });
      expect([reply.status, reply.json()['host']]).toEqual([200, host]);
    }
    // A name that is not on the certificate does not get better by a client that says another one.
    look({ ca, serverName: 'other.internal' });
    expect((await ask({ host: 'shop.internal' })).status).toBe(502);
  });

  it('believes anybody only when told so, and warns of that', async () => {
    await start(await certify(stranger, ['a'], { at: null, expired: true }), { verify: false });
    expect((await ask()).status).toBe(200);
    const warnings: string[] = [];
    const warn = (_: object, message: string): void => void warnings.push(message);
    const logger = { debug: () => undefined, info: () => undefined, warn, error: warn };
    new UpstreamTls({ 'a:443': upstreamTlsSchema.parse({ verify: false }) }, logger).close();
    expect(warnings).toEqual([expect.stringMatching(/^verify is off/)]);
  });
});

describe('mutual TLS', () => {
  const closed = (): TlsOptions => ({
    ...shop,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const clientFiles = async (name: string) => files.writePair('client', await certify(authority, [name]));

  it('shows the certificate of the proxy to a side that wants one', async () => {
    await start(closed(), { ca, ...(await clientFiles('proxy one')) });
    expect((await ask()).json()).toMatchObject({ client: 'proxy one' });
  });

  it('is refused by the side without a certificate', async () => {
    await start(closed(), { ca });
    expect((await ask()).status).toBe(502);
    expect(upstream?.clients).toEqual([]);
  });

  it('carries a WebSocket', async () => {
    const { proxy } = await start(closed(), { ca, ...(await clientFiles('proxy one')) });
    upstream?.server.on('upgrade', (_req, socket) =>
      socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello',
      ),
    );
    const socket = await openSocket(proxy.url);
    socket.write(
      'GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    expect(await readUntil(socket, /hello/)).toMatch(/^HTTP\/1\.1 101 /);
    socket.destroy();
  });

  it('holds for the questions of the health checks and of the shadow too', async () => {
    upstream = await new SecureUpstream(closed()).start();
    const feed = new FakeFeed(standing({ stage: 'shadow', shadowSince: '2026-01-01T00:00:00.000Z' }));
    bed = await startBed({ feed, shadow: { sample: 100 } });
    const { config, proxy } = bed;
    const tls = { ca, ...(await clientFiles('proxy one')) };
    const side = sideAt(upstream.url, { tls, healthCheck: { intervalMs: 20 } });
    proxy.reconfigure({ ...config, upstreams: { monolith: side, services: { shop: side } } });
    await until(() => proxy.stats().upstreams.services['shop']?.addresses[0]?.state === 'healthy');
    expect((await ask()).status).toBe(200);
    await until(() => (proxy.stats().migrations['catalog']?.shadow?.agreed ?? 0) === 1);
    expect(new Set(upstream.clients)).toEqual(new Set(['proxy one']));
  });

  it('takes a renewed certificate while traffic flows, and no request fails', async () => {
    await start(closed(), { ca, ...(await clientFiles('proxy one')) });
    const seen = new Set<unknown>();
    const askOnce = async (): Promise<void> => {
      const reply = await ask();
      expect(reply.status).toBe(200);
      seen.add(reply.json()['client']);
    };
    await askOnce();
    files.writePair('client', await certify(authority, ['proxy two']));
    await until(async () => {
      await Promise.all([askOnce(), askOnce(), askOnce(), askOnce()]);
      return seen.has('proxy two');
    });
    // Nothing that was open before is used any more.
    seen.clear();
    for (let round = 0; round < 10; round += 1) await askOnce();
    expect([...seen]).toEqual(['proxy two']);
  });

  it('believes a new authority as soon as its file says so', async () => {
    const both = files.write('authorities.crt', authority.cert);
    await start(await certify(stranger, ['shop.internal']), { ca: both });
    expect((await ask()).status).toBe(502);
    files.write('authorities.crt', `${authority.cert}\n${stranger.cert}`);
    await until(async () => (await ask()).status === 200);
  });

  it('connects to nobody while the files of a new configuration are of no use', async () => {
    await start(shop, { ca });
    expect((await ask()).status).toBe(200);
    const late = files.folder + '/late';
    look({ ca, cert: `${late}.crt`, key: `${late}.key` });
    expect((await ask()).status).toBe(502);
    files.writePair('late', await certify(authority, ['late']));
    await until(async () => (await ask()).status === 200);
  });
});

describe('the schema of TLS towards a side', () => {
  it.each([{ cert: 'a' }, { key: 'a' }, { serverName: '' }, { verify: 'no' }])('refuses %j', (settings) => {
    expect(upstreamTlsSchema.safeParse(settings).success).toBe(false);
  });
});
