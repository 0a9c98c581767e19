import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Attempt } from '../exchange.ts';
import { send, Upstream } from '../testing/bed.ts';
import { RawUpstream } from '../testing/raw-http.ts';
import { UpstreamTls } from '../tls/upstream.ts';
import { Connections } from './connections.ts';
import { createForwarder, type Forwarder } from './forward.ts';
import { UnwantedAnswer, UpstreamTimeout } from './problems.ts';
import { timeoutsSchema } from './schema.ts';
import type { Trip } from './try.ts';

type Tries = (res: ServerResponse, url: string) => Promise<void>;

const LOGGER = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

let forwarder: Forwarder;
let front: Server;
let tries: Tries;
let defects: unknown[];
const upstreams: { stop: () => Promise<void> }[] = [];

/** A server that answers each request by what a test does with the forwarder. */
beforeEach(async () => {
  defects = [];
  forwarder = createForwarder(new Connections(new UpstreamTls({}, LOGGER)));
  front = createServer((req, res) => {
    tries(res, req.url ?? '').catch((error: unknown) => {
      defects.push(error);
      res.destroy();
    });
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
});

afterEach(async () => {
  forwarder.close();
  front.closeAllConnections();
  await once(front.close(), 'close');
  await Promise.all(upstreams.splice(0).map((each) => each.stop()));
  expect(defects).toEqual([]);
});

const upstream = async (handler: (req: IncomingMessage, res: ServerResponse) => void): Promise<Upstream> => {
  const made = await new Upstream('upstream', handler).start();
  upstreams.push(made);
  return made;
};
const rawUpstream = async (onRequest: ConstructorParameters<typeof RawUpstream>[0]): Promise<RawUpstream> => {
  const made = await new RawUpstream(onRequest).start();
  upstreams.push(made);
  return made;
};
/** Where nobody listens. */
const nowhere = async (): Promise<string> => {
  const closed = await new Upstream('closed').start();
  const { url } = closed;
  await closed.stop();
  return url;
};
const ask = () => send(`http://127.0.0.1:${(front.address() as AddressInfo).port}`, 'GET', '/a');

function tripTo(url: string, part: Partial<Trip> = {}): Trip {
  const address = new URL(url);
  return {
    address,
    onNewConnection: false,
    isWanted: () => true,
    upstreamDone: () => undefined,
    target: '/a',
    headers: { host: 'a' },
    limits: timeoutsSchema.parse({}),
    words: { address, sent: { 'x-forwarded-host': 'a', 'x-forwarded-proto': 'http' } },
    sendBody: (request) => void request.end(),
    answerHeaders: () => [],
    endConnection: () => false,
    ...part,
  };
}

describe('one request that is tried several times', () => {
  it('is answered by the try that got an answer, and each try says how it ended', async () => {
    const good = await upstream((_req, res) => void res.end('good'));
    const bad = await upstream((_req, res) => void res.writeHead(503).end('bad'));
    const ends: Attempt[] = [];
    tries = async (res) => {
      ends.push(await forwarder.forward('GET', res, tripTo(await nowhere())));
      ends.push(
        await forwarder.forward('GET', res, tripTo(bad.url, { isWanted: (status) => status !== 503 })),
      );
      ends.push(await forwarder.forward('GET', res, tripTo(good.url)));
    };
    expect((await ask()).text).toBe('good');
    expect(ends.map(({ isOver, status, failed }) => [isOver, status, failed])).toEqual([
      [false, 0, true],
      [false, 0, true],
      [true, 200, false],
    ]);
    expect((ends[0]?.error as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
    expect(ends[1]?.error).toEqual(new UnwantedAnswer(503));
    expect(ends[2]?.error).toBeNull();
  });

  it('gives an unwanted answer up without the client’s connection, however long that answer is', async () => {
    const endless = await upstream((_req, res) => {
      res.writeHead(500);
      const more = (): void => {
        while (!res.destroyed && res.write(Buffer.alloc(64 * 1024)));
      };
      res.on('drain', more).on('error', () => undefined);
      more();
    });
    const good = await upstream((_req, res) => void res.end('good'));
    tries = async (res) => {
      const first = await forwarder.forward('GET', res, tripTo(endless.url, { isWanted: () => false }));
      expect(first.error).toBeInstanceOf(UnwantedAnswer);
      await forwarder.forward('GET', res, tripTo(good.url));
    };
    expect((await ask()).text).toBe('good');
    const connections = () =>
      new Promise<number>((resolve) => endless.server.getConnections((_error, count) => resolve(count)));
    while ((await connections()) > 0) await once(endless.server, 'connection').catch(() => undefined);
  });

  it('does not take a late error of an earlier try for its own', async () => {
    let breakFirst: () => void = () => undefined;
    const first = await rawUpstream((socket) => {
      breakFirst = () => socket.resetAndDestroy();
      socket.write('HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nsome');
    });
    let finish: () => void = () => undefined;
    const second = await upstream((_req, res) => {
      res.write('good ');
      finish = () => res.end('to the end');
    });
    tries = async (res) => {
      const lost = await forwarder.forward(
        'GET',
        res,
        tripTo(first.url, { isWanted: (status) => status < 500 }),
      );
      expect(lost.error).toEqual(new UnwantedAnswer(500));
      const answered = forwarder.forward('GET', res, tripTo(second.url));
      await second.hasBegun(1);
      breakFirst();
      // Everything that the first connection still has to say is said before the second answer goes on.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      finish();
      expect(await answered).toMatchObject({ status: 200, failed: false, error: null });
    };
    expect((await ask()).text).toBe('good to the end');
  });

  it('does not take the time-out of an earlier try for its own', async () => {
    const silent = await upstream(() => undefined);
    const slow = await upstream((_req, res) => void setTimeout(() => res.end('slow but good'), 150));
    tries = async (res) => {
      const limits = timeoutsSchema.parse({ firstByteMs: 60 });
      const lost = await forwarder.forward('GET', res, tripTo(silent.url, { limits }));
      expect(lost.error).toBeInstanceOf(UpstreamTimeout);
      await forwarder.forward('GET', res, tripTo(slow.url));
    };
    expect((await ask()).text).toBe('slow but good');
  });

  it('leaves no listener behind at the client’s objects, however often it is tried', async () => {
    const [gone, good] = [await nowhere(), await upstream((_req, res) => void res.end('good'))];
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const listeners = (emitter: EventEmitter): number =>
      emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
    tries = async (res) => {
      const before = [listeners(res), listeners(res.req), listeners(res.req.socket)];
      for (let round = 0; round < 30; round += 1) {
        const { error } = await forwarder.forward('GET', res, tripTo(gone));
        expect(error).not.toBeNull();
      }
      expect([listeners(res), listeners(res.req), listeners(res.req.socket)]).toEqual(before);
      await forwarder.forward('GET', res, tripTo(good.url));
    };
    expect((await ask()).text).toBe('good');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });

  it('is not tried for a client that has left in between', async () => {
    const good = await upstream((_req, res) => void res.end('good'));
    let done = 0;
    tries = async (res) => {
      await forwarder.forward('GET', res, tripTo(await nowhere()));
      res.destroy();
      const trip = tripTo(good.url, { upstreamDone: () => void (done += 1) });
      expect(await forwarder.forward('GET', res, trip)).toMatchObject({
        status: 0,
        isOver: true,
        failed: false,
      });
    };
    await expect(ask()).rejects.toThrow(/socket hang up/);
    expect([good.begun, done]).toEqual([0, 1]);
  });
});

describe('a try that failed', () => {
  const failing = async (url: string, part: Partial<Trip> = {}): Promise<Attempt> => {
    let failed: Attempt | undefined;
    tries = async (res) => {
      failed = await forwarder.forward('GET', res, tripTo(url, part));
      res.end();
    };
    await ask();
    return failed as Attempt;
  };

  it('says whether any byte of an answer came', async () => {
    const silent = await rawUpstream((socket) => socket.destroy());
    const stammering = await rawUpstream((socket) => socket.end('HTTP/1.1 200'));
    const hinting = await rawUpstream((socket) => socket.end('HTTP/1.1 103 Early Hints\r\n\r\n'));
    expect((await failing(await nowhere())).noByteCame).toBe(true);
    expect((await failing(silent.url)).noByteCame).toBe(true);
    expect((await failing(stammering.url)).noByteCame).toBe(false);
    expect((await failing(hinting.url)).noByteCame).toBe(false);
  });

  it('says whether its connection had been used before, and gets a new one if it is told to', async () => {
    let requests = 0;
    const fickle = await upstream((req, res) => {
      requests += 1;
      if (requests === 1) res.end('good');
      else req.socket.destroy();
    });
    tries = async (res) => void (await forwarder.forward('GET', res, tripTo(fickle.url)));
    expect((await ask()).text).toBe('good');
    expect((await failing(fickle.url)).onUsedConnection).toBe(true);
    expect((await failing(fickle.url, { onNewConnection: true })).onUsedConnection).toBe(false);
  });
});
