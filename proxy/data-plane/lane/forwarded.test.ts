import { afterEach, describe, expect, it } from '@jest/globals';
import { exchangeRaw, send, startBed, type Bed, type BedOptions, type Received } from '../testing/bed.ts';
import { namesOf } from '../testing/raw-http.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};
const last = (): Received => {
  const received = bed.monolith.received.at(-1);
  if (!received) throw new Error('Nothing arrived at the monolith.');
  return received;
};

const CLAIMS = {
  'x-forwarded-for': '6.6.6.6',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-port': '443',
  'x-forwarded-user': 'admin',
  'x-real-ip': '6.6.6.6',
  forwarded: 'for=6.6.6.6;proto=https',
};

describe('what an upstream is told about the client', () => {
  it('does not hold what a peer that is not trusted claims', async () => {
    await start();
    await send(bed.proxy.url, 'GET', '/a', { headers: { ...CLAIMS, host: 'shop.example:8443' } });
    const { headers } = last();
    expect(JSON.stringify(headers)).not.toMatch(/6\.6\.6\.6|evil|admin/);
    expect(headers).toMatchObject({
      host: 'shop.example:8443',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example:8443',
      'x-forwarded-port': '8443',
      forwarded: 'for=127.0.0.1;host="shop.example:8443";proto=http',
    });
  });

  it('holds what a trusted peer claims, and this hop after it', async () => {
    await start({ proxy: { trustedProxies: ['127.0.0.0/8'] } });
    await send(bed.proxy.url, 'GET', '/a', { headers: { ...CLAIMS, host: 'inner' } });
    expect(last().headers).toMatchObject({
      'x-forwarded-for': '6.6.6.6, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-port': '443',
      'x-forwarded-user': 'admin',
      forwarded: 'for=6.6.6.6;proto=https, for=127.0.0.1;host="inner";proto=http',
    });
  });

  it('does not hold such a claim in a spelling that applications read as the same', async () => {
    await start();
    const headers = { X_Forwarded_For: '6.6.6.6', 'X-Forwarded_Host': 'evil.example', x_real_ip: '6.6.6.6' };
    await send(bed.proxy.url, 'GET', '/a', { headers });
    expect(JSON.stringify(last().headers)).not.toMatch(/6\.6\.6\.6|evil/);
  });

  it('cannot be dropped by a client whose trusted peer passes its Connection header on', async () => {
    await start({ proxy: { trustedProxies: ['127.0.0.0/8'] } });
    const connection = 'close, X-Forwarded-For, X-Real-Ip, X-Forwarded-Proto';
    await send(bed.proxy.url, 'GET', '/a', { headers: { ...CLAIMS, connection } });
    expect(last().headers).toMatchObject({
      'x-forwarded-for': '6.6.6.6, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-real-ip': '6.6.6.6',
    });
  });

  it('stands there once, however often the client says it', async () => {
    await start();
    const line = 'X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 7.7.7.7\r\n';
    await exchangeRaw(bed.proxy.url, `GET /a HTTP/1.1\r\nHost: a\r\n${line}Connection: close\r\n\r\n`);
    expect(namesOf(last().rawHeaders).filter((name) => name === 'x-forwarded-for')).toHaveLength(1);
    expect(last().headers['x-forwarded-for']).toBe('127.0.0.1');
  });
});
