import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { send, startBed, until, type Bed, type Handler } from '../testing/bed.ts';

let bed: Bed;
afterEach(() => bed.stop());

const call = (method = 'GET') => send(bed.proxy.url, method, '/api/products/1');
const retried = () => bed.proxy.stats().upstreams.monolith.retried;

/** Answers one request on each connection, `together` of them at once; by the next one it is just closing it. */
const oneEach = (together: number): Handler => {
  const used = new WeakSet<Socket>();
  const waiting: ServerResponse[] = [];
  let answered = 0;
  return (req, res) => {
    if (used.has(req.socket)) return void req.socket.destroy();
    used.add(req.socket);
    waiting.push(res);
    if (answered === 0 && waiting.length < together) return;
    answered += waiting.length;
    for (const each of waiting.splice(0)) each.end('ok');
  };
};

describe('a connection that was kept and is just closing', () => {
  it('costs a GET nothing: it is sent once more, on a new connection', async () => {
    await bedWith(oneEach(4));
    // Several are kept, and all of them are closing: another one of these would not do.
    expect((await Promise.all([call(), call(), call(), call()])).map(({ status }) => status)).toEqual([
      200, 200, 200, 200,
    ]);
    expect((await call()).text).toBe('ok');
    expect(retried()).toBe(1);
    // The address is not to blame.
    expect(bed.proxy.stats().upstreams.monolith.addresses).toMatchObject([
      { state: 'healthy', lastError: null },
    ]);
  });

  it('is a 502 for a POST, which may have been carried out', async () => {
    await bedWith(oneEach(1));
    await call();
    expect((await call('POST')).status).toBe(502);
    expect([bed.monolith.begun, retried()]).toEqual([2, 0]);
  });

  it('is not what an upstream is excused with that hangs up on a new one', async () => {
    await bedWith((req) => void req.socket.destroy());
    expect((await call()).status).toBe(502);
    expect([bed.monolith.begun, retried()]).toEqual([1, 0]);
    await until(() => bed.proxy.stats().upstreams.monolith.addresses[0]?.lastError === 'ECONNRESET');
  });
});

async function bedWith(monolith: Handler): Promise<void> {
  bed = await startBed({ monolith });
}
