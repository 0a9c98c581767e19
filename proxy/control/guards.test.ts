import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import request from 'supertest';
import { ControlError } from './lifecycle.ts';
import type { Token } from './auth/tokens.ts';
import { ControlStartError } from './listen.ts';
import { startControl } from './server.ts';
import { startControlBed, type ControlBed } from './testing/control-bed.ts';
import { LAG_GATE, MemoryLifecycle } from './testing/memory-lifecycle.ts';

let bed: ControlBed;
beforeEach(async () => {
  bed = await startControlBed();
});
afterEach(() => bed.close());

const orderSync = (at = bed) => request(at.url).post('/v1/migrations/catalog/moves').send({ verb: 'sync' });

describe('where it listens', () => {
  const listenOn = (host: string, port: number, tokens: Token[]) =>
    startControl({
      lifecycle: new MemoryLifecycle(),
      listen: { host, port },
      tokens,
      logger: pino({ level: 'silent' }),
    });

  it.each(['0.0.0.0', '::', '10.1.2.3', 'control.internal'])('refuses %s without a token', async (host) => {
    const refused = listenOn(host, 0, []);
    await expect(refused).rejects.toBeInstanceOf(ControlStartError);
    await expect(refused).rejects.toMatchObject({
      code: 'unprotected',
      message: expect.stringMatching(/STRANGLER_TOKEN/),
    });
  });

  it('takes any address with a token, and any Host then', async () => {
    const open = await listenOn('0.0.0.0', 0, [{ name: null, role: 'operator', secret: 'secret' }]);
    const answer = await request(open.url)
      .get('/v1/migrations')
      .set('host', 'control.internal')
      .auth('secret', { type: 'bearer' });
    expect(answer.status).toBe(200);
    await open.close();
  });

  it('names the port that is taken and says what to do', async () => {
    const port = Number(new URL(bed.url).port);
    await expect(listenOn('127.0.0.1', port, [])).rejects.toThrow(
      new RegExp(`${port}.*taken.*control.listen`),
    );
  });
});

describe('the token', () => {
  let locked: ControlBed;
  beforeEach(async () => {
    locked = await startControlBed({ tokens: [{ name: null, role: 'operator', secret: 'open sesame' }] });
  });
  afterEach(() => locked.close());

  it.each([
    ['none', undefined],
    ['a wrong one', 'Bearer open'],
    ['another scheme', 'Basic open sesame'],
    ['the right one twice', 'Bearer open sesame, Bearer open sesame'],
  ])('%s is refused', async (_name, authorization) => {
    const asked = request(locked.url).get('/v1/migrations');
    if (authorization !== undefined) asked.set('authorization', authorization);
    const answer = await asked;
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(answer.body).toMatchObject({ code: 'unauthorized', gates: [] });
  });

  it('opens everything, whatever the case of its scheme', async () => {
    const answer = await orderSync(locked).set('authorization', 'bearer open sesame');
    expect(answer.status).toBe(200);
  });

  it('is not asked for by health and by the page, which hold nothing', async () => {
    expect((await request(locked.url).get('/v1/health')).status).toBe(200);
    expect((await request(locked.url).get('/')).status).toBe(200);
    expect((await request(locked.url).get('/v1/events')).status).toBe(401);
  });
});

describe('a web page elsewhere', () => {
  it.each([
    'evil.example',
    'evil.example:8081',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '[::1].evil',
    '',
  ])('cannot rebind the name %j to this machine', async (host) => {
    const answer = await request(bed.url).get('/v1/migrations').set('host', host);
    expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
  });

  it.each(['localhost', 'localhost:1234', '127.0.0.1', '127.8.8.8:80', '[::1]:8081'])(
    'but %s is',
    async (host) => {
      expect((await request(bed.url).get('/v1/migrations').set('host', host)).status).toBe(200);
    },
  );

  it.each([
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-site', 'same-site'],
    ['origin', 'https://evil.example'],
    ['origin', 'null'],
    ['origin', 'http://127.0.0.1:1'],
  ])('cannot order a move: %s %s', async (header, value) => {
    const answer = await orderSync().set(header, value);
    expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
    expect(bed.lifecycle.orders).toEqual([]);
  });

  it('cannot order one with a form', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await request(bed.url)
        .post('/v1/resume')
        .set('content-type', type)
        .send('{"reason":"x"}');
      expect([answer.status, answer.body.code]).toEqual([415, 'not-json']);
    }
    expect(bed.lifecycle.orders).toEqual([]);
  });

  it('is not our own page, which may', async () => {
    const answer = await orderSync().set({ origin: bed.url, 'sec-fetch-site': 'same-origin' });
    expect(answer.status).toBe(200);
  });
});

describe('every answer', () => {
  it.each(['/', '/page.js', '/v1/migrations', '/nowhere'])(
    'of %s may be neither framed nor sniffed nor scripted',
    async (path) => {
      const { headers } = await request(bed.url).get(path);
      expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-powered-by']).toBeUndefined();
    },
  );
});

describe('who asks', () => {
  it.each([
    ['ada@desk', 'ada@desk'],
    [undefined, 'unknown'],
    ['\u001b[31mred'.replace('\u001b', '\u00e9'), 'unknown'],
    ['x'.repeat(101), 'unknown'],
  ])('%j goes into the journal as %j', async (header, name) => {
    const asked = orderSync();
    if (header !== undefined) asked.set('x-strangler-actor', header);
    await asked;
    expect(bed.lifecycle.orders.at(-1)?.actor).toEqual({ name, reason: null });
  });
});

describe('an error of the lifecycle', () => {
  it('is a problem with its gates', async () => {
    bed.lifecycle.onMove = async () => {
      throw new ControlError('gate-refused', 'cutover of catalog: lag', [LAG_GATE]);
    };
    const answer = await orderSync();
    expect(answer.status).toBe(422);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({
      code: 'gate-refused',
      status: 422,
      detail: 'cutover of catalog: lag',
      gates: [LAG_GATE],
    });
  });

  it('shows nothing of its inside when nobody foresaw it', async () => {
    bed.lifecycle.onStatus = () => {
      throw new TypeError('secret of postgres://user:password@db');
    };
    const answer = await request(bed.url).get('/v1/migrations');
    expect(answer.status).toBe(500);
    expect(answer.body.code).toBe('failed');
    expect(answer.text).not.toMatch(/secret|password|\.ts/);
  });
});
