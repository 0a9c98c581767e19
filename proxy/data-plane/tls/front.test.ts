import { once } from 'node:events';
import type { Agent } from 'node:https';
import { Agent as HttpsAgent } from 'node:https';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import type { ProxyLogger } from '../observe/observers.ts';
import { exchangeRaw, readUntil, startBed, until, type Bed } from '../testing/bed.ts';
import { certify, Files, newAuthority, type Pair } from '../testing/certificates.ts';
import { askSecurely } from '../testing/secure-client.ts';
import { FrontTls } from './front.ts';
import { frontTlsSchema } from './schema.ts';

let authority: Pair;
let stranger: Pair;
let shop: Pair;
let renewed: Pair;
let files: Files;
let bed: Bed | null = null;
beforeAll(async () => {
  files = new Files();
  authority = await newAuthority();
  stranger = await newAuthority('stranger');
  shop = await certify(authority, ['shop.example']);
  renewed = await certify(authority, ['renewed.example']);
});
afterEach(async () => {
  await bed?.stop();
  bed = null;
});
afterAll(() => files.remove());

async function start(tls: object = {}, logger?: ProxyLogger): Promise<Bed> {
  const proxy = { tls: { ...files.writePair('shop', shop), ...tls } };
  return (bed = await startBed(logger ? { proxy, logger } : { proxy }));
}
const ask = (options: Parameters<typeof askSecurely>[1] = {}) =>
  askSecurely(`${bed?.proxy.url}/api/products/1`, { ca: authority.cert, ...options });

/** Opens a TLS connection to the proxy; rejects when the proxy will not have it. */
async function handshake(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { hostname, port } = new URL(bed?.proxy.url ?? '');
  const socket = connect({ host: hostname, port: Number(port), ca: authority.cert, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

describe('TLS in front', () => {
  it('serves HTTPS and tells the sides that the client came over it', async () => {
    const { proxy, monolith } = await start();
    expect(proxy.url).toMatch(/^https:/);
    const reply = await ask();
    expect([reply.status, reply.certifiedFor]).toEqual([200, 'shop.example']);
    expect(monolith.received[0]?.headers).toMatchObject({
      'x-forwarded-proto': 'https',
      forwarded: expect.stringMatching(/proto=https/),
    });
  });

  it('offers HTTP/1.1 to a client that would rather have HTTP/2', async () => {
    await start();
    const socket = await handshake({ ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
  });

  it('shows the certificate of the name that is asked for, and the first for any other', async () => {
    await start({ others: [files.writePair('other', renewed)] });
    const shownFor = async (servername: string): Promise<string> =>
      (await ask({ servername, checkServerIdentity: () => undefined })).certifiedFor;
    expect(await shownFor('renewed.example')).toBe('renewed.example');
    expect(await shownFor('shop.example')).toBe('shop.example');
    expect(await shownFor('unknown.example')).toBe('shop.example');
  });

  it('refuses versions that are too old', async () => {
    await start({ minVersion: 'TLSv1.3' });
    await expect(handshake({ maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/i);
    expect((await ask()).status).toBe(200);
  });

  it('survives whoever speaks no TLS', async () => {
    const { proxy } = await start();
    await exchangeRaw(proxy.url, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await exchangeRaw(proxy.url, '\x16\x03\x01\xff\xff');
    expect((await ask()).status).toBe(200);
  });

  it('carries a WebSocket', async () => {
    const { monolith } = await start();
    monolith.server.on('upgrade', (_req, socket) =>
      socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello',
      ),
    );
    const socket = await handshake();
    socket.write(
      'GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    expect(await readUntil(socket, /hello/)).toMatch(/^HTTP\/1\.1 101 /);
    socket.destroy();
  });

  it('does not start without its files, and names the one that is missing', () => {
    const settings = frontTlsSchema.parse({ cert: '/nowhere/shop.crt', key: '/nowhere/shop.key' });
    expect(() => new FrontTls(settings, pino({ level: 'silent' }))).toThrow(/shop\.crt/);
  });
});

describe('certificates that change', () => {
  it('serve new connections at once while those that stand go on, and no request fails', async () => {
    await start();
    const kept = new HttpsAgent({ keepAlive: true, maxSockets: 1 });
    const seen = new Set<string>();
    const traffic = async (agent?: Agent): Promise<string> => {
      const reply = await ask(agent ? { agent } : {});
      expect(reply.status).toBe(200);
      return reply.certifiedFor;
    };
    await traffic(kept);
    files.writePair('shop', renewed);
    await until(async () => {
      const [standing, fresh] = await Promise.all([traffic(kept), traffic()]);
      seen.add(standing);
      return fresh === 'renewed.example';
    });
    expect([...seen]).toEqual(['shop.example']);
    kept.destroy();
  });

  it('are refused when they do not fit each other, and taken once they do', async () => {
    const warnings: string[] = [];
    const warn = (_: object, message: string): void => void warnings.push(message);
    await start({}, { debug: () => undefined, info: () => undefined, warn, error: warn });
    files.write('shop.key', renewed.key);
    await until(() => warnings.length > 0);
    expect(warnings[0]).toMatch(/new certificate is refused; the one in use stays/);
    expect((await ask()).certifiedFor).toBe('shop.example');
    files.write('shop.crt', renewed.cert);
    await until(async () => (await ask()).certifiedFor === 'renewed.example');
  });

  it('may be other files by a new configuration; those that are missing are refused', async () => {
    const { config, proxy } = await start();
    const take = (cert: string, key: string): void => {
      const tls = frontTlsSchema.parse({ cert, key });
      proxy.reconfigure({ ...config, proxy: { ...config.proxy, tls } });
    };
    take('/nowhere/a.crt', '/nowhere/a.key');
    expect((await ask()).certifiedFor).toBe('shop.example');
    const other = files.writePair('other', renewed);
    take(other.cert, other.key);
    expect((await ask()).certifiedFor).toBe('renewed.example');
  });
});

describe('certificates of clients', () => {
  it('are required when told so: nobody without one, or with one of somebody else, gets in', async () => {
    const client = await certify(authority, ['ann']);
    const forged = await certify(stranger, ['ann']);
    const { monolith } = await start({ clientAuth: 'required', ca: files.write('ca.crt', authority.cert) });
    expect((await ask(client)).status).toBe(200);
    await expect(ask()).rejects.toThrow(/certificate required|ECONNRESET|socket hang up/i);
    await expect(ask(forged)).rejects.toThrow(/ECONNRESET|socket hang up|unknown ca|certificate/i);
    expect(monolith.begun).toBe(1);
  });

  it('are optional when told so, but a wrong one is not overlooked', async () => {
    const forged = await certify(stranger, ['ann']);
    const { monolith } = await start({ clientAuth: 'optional', ca: files.write('ca.crt', authority.cert) });
    expect((await ask()).status).toBe(200);
    expect((await ask(await certify(authority, ['ann']))).status).toBe(200);
    await expect(ask(forged)).rejects.toThrow(/ECONNRESET|socket hang up/i);
    expect(monolith.begun).toBe(2);
  });

  it('are believed again on a resumed session', async () => {
    const client = await certify(authority, ['ann']);
    await start({ clientAuth: 'required', ca: files.write('ca.crt', authority.cert) });
    for (const servername of ['', 'shop.example']) {
      const first = await handshake({ ...client, servername, maxVersion: 'TLSv1.2' });
      const session = first.getSession();
      first.destroy();
      if (!session) throw new Error('no session');
      const again = await handshake({ ...client, servername, session, maxVersion: 'TLSv1.2' });
      expect(again.isSessionReused()).toBe(true);
      again.destroy();
    }
  });

  it('need authorities that they are verified by', () => {
    expect(frontTlsSchema.safeParse({ cert: 'a', key: 'b', clientAuth: 'required' }).success).toBe(false);
  });
});
