import { createHmac } from 'node:crypto';
import { exportSPKI } from 'jose';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { exchangeRaw, FakeFeed, openSocket, send, standing, startBed, until } from '../testing/bed.ts';
import type { Bed, BedOptions } from '../testing/bed.ts';
import { Files } from '../testing/certificates.ts';
import { Issuer, newKey, type TokenParts } from '../testing/issuer.ts';
import { openKeys } from './keys.ts';
import { jwtSchema } from './schema.ts';

let issuer: Issuer;
let bed: Bed | null = null;
let files: Files | null = null;
beforeEach(async () => {
  issuer = await new Issuer().start();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await bed?.stop();
  await issuer.stop();
  files?.remove();
  [bed, files] = [null, null];
});

interface Asking {
  token?: string;
  method?: string;
  headers?: Record<string, string | string[]>;
}

const start = async (jwt: object = {}, options: BedOptions = {}): Promise<Bed> =>
  (bed = await startBed({ ...options, proxy: { jwt: { ...issuer.settings, ...jwt } } }));
const ask = (target: string, { token, method = 'GET', headers = {} }: Asking = {}) =>
  send(bed?.proxy.url ?? '', method, target, {
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  });
const P = '/api/products/1';

/** Moves the clock that tokens and keys are aged by. */
function jump(ms: number): void {
  const now = Date.now();
  jest.spyOn(Date, 'now').mockReturnValue(now + ms);
}

describe('a route that needs a token', () => {
  it('is answered for a good token, which goes on to the side as it came', async () => {
    const { monolith } = await start();
    const token = await issuer.token();
    expect((await ask(P, { token })).status).toBe(200);
    expect(monolith.received[0]?.headers.authorization).toBe(`Bearer ${token}`);
  });

  it('is a 401 that asks for a token when there is none, and nothing is sent to a side', async () => {
    const { monolith } = await start();
    for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer' }]) {
      const reply = await ask(P, { headers });
      expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(reply.json()).toMatchObject({ status: 401, title: 'A token is needed' });
    }
    expect(monolith.begun).toBe(0);
    expect(bed?.proxy.stats().refused.unauthorized).toBe(3);
  });

  it('asks nothing in the name of a client that was refused: its read is not mirrored either', async () => {
    const feed = new FakeFeed(standing({ stage: 'shadow' }));
    const forwardClaims = { sub: 'X-User-Id' };
    const { proxy, monolith, service } = await start({ forwardClaims }, { feed, shadow: { sample: 100 } });
    expect((await ask(P, { headers: { 'x-user-id': 'admin' } })).status).toBe(401);
    expect((await ask(P, { token: await issuer.token({ claims: { sub: '7' } }) })).status).toBe(200);
    await until(() => proxy.stats().migrations['catalog']?.shadow !== null);
    await proxy.shadowSettled();
    const users = [...monolith.received, ...service.received].map(({ headers }) => headers['x-user-id']);
    expect(users.length).toBeGreaterThan(1);
    expect(users).not.toContain('admin');
  });

  it('lets a preflight through, for a browser sends it without credentials', async () => {
    await start();
    const preflight = { origin: 'https://a.example', 'access-control-request-method': 'POST' };
    expect((await ask(P, { method: 'OPTIONS', headers: preflight })).status).toBe(200);
    expect((await ask(P, { method: 'OPTIONS' })).status).toBe(401);
    expect((await ask(P, { headers: preflight })).status).toBe(401);
  });

  it.each<[string, TokenParts, RegExp]>([
    ['has expired', { expiresIn: '-1m' }, /has expired/],
    ['never expires', { expiresIn: 'never' }, /claim exp/],
    ['is meant for somebody else', { audience: 'bank' }, /claim aud/],
    ['comes from somebody else', { issuer: 'https://evil.example' }, /claim iss/],
    ['is not valid yet', { claims: { nbf: 4_000_000_000 } }, /claim nbf/],
  ])('is a 401 for a token that %s', async (_, parts, reason) => {
    const { monolith } = await start();
    const reply = await ask(P, { token: await issuer.token(parts) });
    expect(reply.status).toBe(401);
    const challenge = String(reply.headers['www-authenticate']);
    expect(challenge).toMatch(/^Bearer error="invalid_token", error_description="[^"]+"$/);
    expect(challenge).toMatch(reason);
    expect(monolith.begun).toBe(0);
  });

  it('believes no token without signature, with a symmetric one, or with another key', async () => {
    const { monolith } = await start();
    const [key] = issuer.keys;
    if (!key) throw new Error('no key');
    const [, payload = ''] = (await issuer.token()).split('.');
    const forged = async (alg: string, secret: string): Promise<string> => {
      const header = Buffer.from(JSON.stringify({ alg, kid: key.id })).toString('base64url');
      const signed = `${header}.${payload}`;
      const signature = alg === 'none' ? '' : createHmac('sha256', secret).update(signed).digest('base64url');
      return `${signed}.${signature}`;
    };
    const stranger = { ...(await newKey(key.id)), jwk: key.jwk };
    const tokens = [
      await forged('none', ''),
      // The public key in the place of a shared secret.
      await forged('HS256', await exportSPKI(key.publicKey)),
      await forged('HS256', JSON.stringify(key.jwk)),
      await forged('ES256', 'nonsense'),
      await issuer.token({ key: stranger }),
      `${await issuer.token()}x`,
      'no.token',
    ];
    for (const token of tokens) {
      const reply = await ask(P, { token });
      expect([reply.status, reply.headers['www-authenticate']]).toEqual([
        401,
        expect.stringContaining('invalid_token'),
      ]);
    }
    expect(monolith.begun).toBe(0);
  });

  it('believes only the kinds of signature that it was told', async () => {
    await start({ algorithms: ['RS256', 'EdDSA'] });
    const reply = await ask(P, { token: await issuer.token() });
    expect(reply.status).toBe(401);
    expect(reply.headers['www-authenticate']).toMatch(/signed in a way that is not believed/);
  });

  it('forgives a clock that is a little off', async () => {
    await start({ clockToleranceSeconds: 90 });
    expect((await ask(P, { token: await issuer.token({ expiresIn: '-1m' }) })).status).toBe(200);
  });

  it('takes the token from another header when told so', async () => {
    await start({ header: 'X-Access-Token' });
    const token = await issuer.token();
    expect((await ask(P, { headers: { 'x-access-token': token } })).status).toBe(200);
    expect((await ask(P, { headers: { 'x-access-token': `Bearer ${token}` } })).status).toBe(200);
    expect((await ask(P, { token })).status).toBe(401);
  });

  it('sends only the credentials on that were checked', async () => {
    const { proxy, monolith } = await start();
    const raw = `GET ${P} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${await issuer.token()}\r\n`;
    const answer = await exchangeRaw(proxy.url, `${raw}Authorization: Bearer forged\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400) /);
    const sent = monolith.received.flatMap(({ rawHeaders }) => rawHeaders);
    expect(sent.filter((each) => each.includes('forged'))).toEqual([]);
  });

  it('refuses the handshake of a WebSocket', async () => {
    const { proxy, monolith } = await start();
    const handshake =
      `GET ${P} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    expect(await exchangeRaw(proxy.url, handshake)).toMatch(/^HTTP\/1\.1 401 [^]*www-authenticate: Bearer/i);
    expect(monolith.begun).toBe(0);
  });

  it('forgets a client that leaves while its token is checked', async () => {
    let answerKeys: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => issuer.hold((go) => ((answerKeys = go), resolve())));
    const { proxy, monolith } = await start();
    const token = await issuer.token();
    const socket = await openSocket(proxy.url);
    socket.write(
      `POST ${P} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    await asked;
    socket.destroy();
    answerKeys?.();
    expect((await ask(P, { token })).status).toBe(200);
    await until(() => proxy.stats().migrations['catalog']?.monolith.requests === 2);
    expect(proxy.stats().migrations['catalog']).toMatchObject({ runningWrites: 0, monolith: { failed: 0 } });
    expect(monolith.begun).toBe(1);
  });
});

describe('who needs a token', () => {
  it('is said by the route, then its migration, then the proxy; requests of no route need none unless told', async () => {
    const routes = [
      { method: '*', path: '/api/public', auth: 'none' as const },
      { method: '*', path: '/api/either', auth: 'optional' as const },
      '* /api/products/*',
    ];
    const { config, proxy } = await start({}, { routes });
    const statuses = async (asking: Asking) => {
      const found: number[] = [];
      for (const target of ['/api/public', '/api/either', P, '/elsewhere'])
        found.push((await ask(target, asking)).status);
      return found;
    };
    expect(await statuses({})).toEqual([200, 200, 401, 200]);
    // A token that is looked at has to be good.
    expect(await statuses({ token: 'forged' })).toEqual([200, 401, 401, 200]);
    const catalog = { ...config.migrations['catalog'], auth: 'optional' };
    const jwt = jwtSchema.parse({ ...issuer.settings, unmatched: 'required' });
    proxy.reconfigure({
      ...config,
      proxy: { ...config.proxy, jwt },
      migrations: { catalog },
    } as typeof config);
    expect(await statuses({})).toEqual([200, 200, 200, 401]);
    proxy.reconfigure(config.proxy.jwt ? { ...config, proxy: { ...config.proxy, jwt: undefined } } : config);
    expect(await statuses({ token: 'forged' })).toEqual([200, 200, 200, 200]);
  });

  it('does not depend on how the blank before the token is written: a forged one behind a tab is seen', async () => {
    const { monolith } = await start({ auth: 'optional' });
    for (const blank of ['\t', ' \t', '  ']) {
      const headers = { authorization: `Bearer${blank}forged` };
      expect((await send(bed?.proxy.url ?? '', 'GET', P, { headers })).status).toBe(401);
    }
    expect(monolith.begun).toBe(0);
  });

  it('may also be said by scopes: a good token without them is a 403', async () => {
    const { monolith } = await start(
      { auth: 'optional' },
      { routes: [{ method: '*', path: '/api/products/*', scopes: ['shop:read', 'shop:write'] }] },
    );
    const withClaims = async (claims: object) =>
      ask(P, { token: await issuer.token({ claims: { ...claims } }) });
    const refused = await withClaims({ scope: 'shop:read' });
    expect(refused.status).toBe(403);
    expect(refused.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_scope", scope="shop:read shop:write"',
    );
    expect((await ask(P)).headers['www-authenticate']).toBe('Bearer scope="shop:read shop:write"');
    expect(monolith.begun).toBe(0);
    for (const claims of [{ scope: 'shop:write shop:read x' }, { scp: ['shop:read', 'shop:write'] }]) {
      expect((await withClaims(claims)).status).toBe(200);
    }
    expect(bed?.proxy.stats().refused).toMatchObject({ forbidden: 1, unauthorized: 1 });
  });
});

describe('the keys of the issuer', () => {
  it('are fetched once for many requests, and again for a key that is new', async () => {
    await start({ cooldownSeconds: 0 });
    const token = await issuer.token();
    for (let round = 0; round < 5; round += 1) expect((await ask(P, { token })).status).toBe(200);
    expect(issuer.fetched).toBe(1);
    const second = await newKey('second');
    issuer.keys = [second];
    expect((await ask(P, { token: await issuer.token() })).status).toBe(200);
    expect(issuer.fetched).toBe(2);
    expect((await ask(P, { token })).status).toBe(401);
  });

  it('are not fetched again for each token that names an unknown key', async () => {
    await start();
    const stranger = await newKey('stranger');
    expect((await ask(P, { token: await issuer.token() })).status).toBe(200);
    for (let round = 0; round < 5; round += 1) {
      expect((await ask(P, { token: await issuer.token({ key: stranger }) })).status).toBe(401);
    }
    expect(issuer.fetched).toBe(1);
    // After the cooldown, once.
    jump(31_000);
    for (let round = 0; round < 5; round += 1) await ask(P, { token: await issuer.token({ key: stranger }) });
    expect(issuer.fetched).toBe(2);
  });

  it('close the door with a 503 while they cannot be fetched, and open it once they can', async () => {
    const { monolith, proxy } = await start();
    issuer.status = 500;
    const token = await issuer.token();
    for (let round = 0; round < 3; round += 1) {
      const reply = await ask(P, { token });
      expect([reply.status, reply.headers['retry-after']]).toEqual([503, '5']);
      expect(reply.json()).toMatchObject({ title: 'The token cannot be checked now' });
    }
    expect([monolith.begun, issuer.fetched]).toEqual([0, 1]);
    expect(proxy.stats().refused.uncheckable).toBe(3);
    // Without a token there is nothing to check.
    expect((await ask(P)).status).toBe(401);
    issuer.status = 200;
    jump(5001);
    expect((await ask(P, { token: await issuer.token() })).status).toBe(200);
  });

  it('serve on when they cannot be fetched again, but not for ever', async () => {
    await start({ cacheSeconds: 60, staleSeconds: 600 });
    const token = await issuer.token({ expiresIn: '2h' });
    expect((await ask(P, { token })).status).toBe(200);
    issuer.status = 500;
    jump(61_000);
    expect((await ask(P, { token })).status).toBe(200);
    await until(() => issuer.fetched === 2);
    const stranger = await newKey('stranger');
    // Perhaps its key is new and could not be fetched: nobody can say.
    expect((await ask(P, { token: await issuer.token({ key: stranger, expiresIn: '2h' }) })).status).toBe(
      503,
    );
    jump(700_000);
    expect((await ask(P, { token })).status).toBe(503);
  });

  it('may lie in a file, and change there; a broken file changes nothing', async () => {
    files = new Files();
    const setOf = (keys: object[]) => JSON.stringify({ keys });
    const file = files.write('keys.json', setOf(issuer.keys.map(({ jwk }) => jwk)));
    await start({ jwks: file });
    const before = await issuer.token();
    expect((await ask(P, { token: before })).status).toBe(200);
    const second = await newKey('second');
    files.write('keys.json', '{"keys":[');
    files.write('keys.json', setOf([second.jwk]));
    const after = await issuer.token({ key: second });
    await until(async () => (await ask(P, { token: after })).status === 200);
    expect((await ask(P, { token: before })).status).toBe(401);
  });

  it('are refused at the start when the file holds private ones', async () => {
    files = new Files();
    const jwks = files.write('keys.json', JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }));
    const settings = jwtSchema.parse({ ...issuer.settings, jwks });
    expect(() => openKeys(settings, pino({ level: 'silent' }))).toThrow(/public ones only/);
  });
});

describe('claims that go upstream', () => {
  const forwardClaims = { sub: 'X-User-Id', 'https://shop.example/tier': 'X-Tier' };

  it('are headers there, and nobody else can set these', async () => {
    const { monolith } = await start({ forwardClaims, auth: 'optional' });
    const claims = { sub: 'ann', 'https://shop.example/tier': 3 };
    const forged = { 'x-user-id': 'root', 'X-User_Id': 'root', X_User_Id: 'root', 'x-tier': '9' };
    await ask(P, { token: await issuer.token({ claims }), headers: forged });
    await ask(P, { headers: forged });
    await ask('/elsewhere', { headers: forged });
    await ask(P, { token: await issuer.token({ claims: { sub: 'a\r\nx: y' } }), headers: forged });
    const seen = monolith.received.map(({ headers }) =>
      Object.entries(headers).filter(([name]) => /^x.(user.id|tier)$/.test(name)),
    );
    const named = [
      ['x-user-id', 'ann'],
      ['x-tier', '3'],
    ];
    expect(seen).toEqual([named, [], [], []]);
  });

  it.each(['Host', 'Authorization', 'X-Forwarded-For', 'X-A-B-C-D-E'])('cannot be the header %s', (name) => {
    expect(jwtSchema.safeParse({ ...issuer.settings, forwardClaims: { sub: name } }).success).toBe(false);
  });
});

describe('the schema of tokens', () => {
  it.each([{ algorithms: ['HS256'] }, { algorithms: ['none'] }, { algorithms: [] }, { issuer: '' }])(
    'refuses %j',
    (part) => {
      expect(jwtSchema.safeParse({ ...issuer.settings, ...part }).success).toBe(false);
    },
  );
});

it('counts clients by a claim of their token, once it was checked', async () => {
  bed = await startBed({
    proxy: {
      jwt: issuer.settings,
      rateLimits: [{ name: 'user', requests: 1, per: '1m', by: { jwt: 'sub' } }],
    },
  });
  const as = async (sub: string) => (await ask(P, { token: await issuer.token({ claims: { sub } }) })).status;
  expect([await as('ann'), await as('bob'), await as('ann')]).toEqual([200, 200, 429]);
  expect((await ask(P)).status).toBe(401);
});
