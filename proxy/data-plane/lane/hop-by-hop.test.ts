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

describe('headers of one hop', () => {
  it('do not reach the upstream, nor do those that Connection names', async () => {
    await start();
    const head = [
      'POST /a HTTP/1.1',
      'Host: a',
      'Connection: close, X-Hop, Host, Content-Length, X-Forwarded-For',
      'X-Hop: 1',
      'Keep-Alive: timeout=9',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic eA==',
      'TE: trailers',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
      'X-Kept: yes',
      'Content-Length: 2',
    ].join('\r\n');
    await exchangeRaw(bed.proxy.url, `${head}\r\n\r\nhi`);
    expect(namesOf(last().rawHeaders).sort()).toEqual([
      'connection',
      'content-length',
      'forwarded',
      'host',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-port',
      'x-forwarded-proto',
      'x-kept',
    ]);
    expect(last().headers.connection).toBe('keep-alive');
    expect(last().body.toString()).toBe('hi');
  });

  it('do not reach the client, nor do those that Connection names', async () => {
    await start({
      monolith: (_req, res) => {
        res.writeHead(200, [
          ...['Connection', 'X-Secret, keep-alive', 'X-Secret', 'inner', 'Keep-Alive', 'timeout=1'],
          ...[
            'Proxy-Authenticate',
            'Basic',
            'Upgrade',
            'h2c',
            'X-Kept',
            'yes',
            'Set-Cookie',
            'a=1',
            'Set-Cookie',
            'b=2',
          ],
          ...['Content-Length', '2'],
        ]);
        res.end('ok');
      },
    });
    const reply = await send(bed.proxy.url, 'GET', '/a');
    expect(namesOf(reply.rawHeaders).sort()).toEqual(
      ['connection', 'content-length', 'date', 'set-cookie', 'set-cookie', 'x-kept'].sort(),
    );
    expect(reply.rawHeaders).toContain('X-Kept');
    expect(reply.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(reply.text).toBe('ok');
  });

  it('end a connection of the client when the client says so, and only then', async () => {
    await start();
    const request = (more: string) => `GET /a HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    const answers = await exchangeRaw(
      bed.proxy.url,
      request('') + request('') + request('Connection: close\r\n'),
    );
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    expect(answers.match(/connection: close/gi)).toHaveLength(1);
    const old = await exchangeRaw(
      bed.proxy.url,
      'GET /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
    );
    expect(old).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(old).not.toMatch(/transfer-encoding/i);
  });
});
