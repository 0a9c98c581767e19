import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { pino } from 'pino';
import request from 'supertest';
import { freePorts } from '../../../../scripts/testing/free-ports.ts';
import { startControlBed, type ControlBed } from '../../testing/control-bed.ts';
import {
  AUDIENCE,
  CookieJar,
  PAGE,
  startOidcProvider,
  type TestProvider,
} from '../../testing/oidc-provider.ts';
import { OidcProvider, type OidcSettings } from './oidc.ts';

let provider: TestProvider;
let settings: OidcSettings;
let bed: ControlBed;
beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  const redirectUrl = `http://127.0.0.1:${port}/v1/session/oidc/callback`;
  provider = await startOidcProvider(() => redirectUrl);
  settings = {
    ...{ issuer: provider.issuer, clientId: PAGE.client_id, clientSecret: PAGE.client_secret },
    ...{ scopes: 'openid profile', audience: AUDIENCE, redirectUrl },
    ...{ nameClaim: 'preferred_username', rolesClaim: 'groups', operators: ['ops'], viewers: ['staff'] },
  };
  bed = await startControlBed({
    listen: { host: '127.0.0.1', port },
    oidc: new OidcProvider(settings, pino({ level: 'silent' })),
  });
});
afterAll(() => Promise.all([bed.close(), provider.close()]));

const signIn = async (login: string, groups: string[]) => {
  provider.groups.set(login, groups);
  const browser = new CookieJar();
  const end = await browser.signIn(`${bed.url}/v1/session/oidc`, login, bed.url);
  const session = (await (await browser.go(`${bed.url}/v1/session`)).json()) as { csrfToken: string };
  return { browser, end, session };
};

describe('signing in on the page by the provider', () => {
  it('asks nobody in without it, and says that it is the way', async () => {
    expect((await request(bed.url).get('/v1/migrations')).status).toBe(401);
    expect((await request(bed.url).get('/v1/session')).body).toMatchObject({
      isSignedIn: false,
      ways: ['oidc'],
    });
  });

  it('makes an operator of who is in such a group, under the name of the claims', async () => {
    const { browser, end, session } = await signIn('ada', ['staff', 'ops']);
    expect([end, session]).toMatchObject([
      '/',
      { isSignedIn: true, name: 'ada@example.com', role: 'operator', by: 'session' },
    ]);
    const moved = await browser.go(`${bed.url}/v1/migrations/catalog/moves`, {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', 'x-strangler-csrf': session.csrfToken },
        'x-strangler-actor': 'eve',
      },
      body: JSON.stringify({ verb: 'sync' }),
    });
    expect([moved.status, bed.lifecycle.orders.at(-1)?.actor.name]).toEqual([200, 'ada@example.com']);
  });

  it('makes a viewer of who is in such a group, and sends away who is in none', async () => {
    expect((await signIn('bob', ['staff'])).session).toMatchObject({ role: 'viewer' });
    const { end, session } = await signIn('eve', ['guests']);
    expect([end, session]).toMatchObject(['/?sign-in=refused', { isSignedIn: false }]);
  });

  it.each([
    ['another state', (url: URL) => url.searchParams.set('state', 'x')],
    ['another code', (url: URL) => url.searchParams.set('code', 'x')],
    ['an error of the provider', (url: URL) => (url.search = '?error=access_denied')],
  ])('fails with %s', async (_what, change) => {
    provider.groups.set('ada', ['ops']);
    const browser = new CookieJar();
    const begun = await browser.go(`${bed.url}/v1/session/oidc`);
    const asked = new URL(begun.headers.get('location') ?? '');
    expect(asked.searchParams.get('code_challenge_method')).toBe('S256');
    const back = new URL(settings.redirectUrl);
    back.search = `?code=x&state=${asked.searchParams.get('state')}&iss=${encodeURIComponent(provider.issuer)}`;
    change(back);
    const ended = await browser.go(back.href);
    expect([ended.status, ended.headers.get('location')]).toEqual([302, '/?sign-in=failed']);
    expect(ended.headers.getSetCookie().join()).not.toMatch(/strangler_session=[\w-]/);
  });

  it('fails in a browser that did not begin it: a link of somebody else signs nobody in', async () => {
    provider.groups.set('ada', ['ops']);
    const ended = await new CookieJar().go(`${settings.redirectUrl}?code=x&state=y`);
    expect(ended.headers.get('location')).toBe('/?sign-in=failed');
  });
});

describe('the JWT of a machine', () => {
  const ask = (token: string) =>
    request(bed.url)
      .post('/v1/migrations/catalog/moves')
      .set({ authorization: `Bearer ${token}` })
      .send({ verb: 'sync' });

  it('moves by its role, under the name of its claims', async () => {
    expect((await ask(await provider.machineToken(['ops']))).status).toBe(200);
    expect(bed.lifecycle.orders.at(-1)?.actor.name).toBe('deployer');
    for (const groups of [['staff'], ['guests']]) {
      const refused = await ask(await provider.machineToken(groups));
      expect([refused.status, refused.body.code]).toEqual([403, 'not-permitted']);
    }
  });

  it('of another issuer, for another audience, or signed by another key, is none', async () => {
    const before = bed.lifecycle.orders.length;
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const forged = (issuer: string, audience: string) =>
      new SignJWT({ sub: 'eve', groups: ['ops'] })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setExpirationTime('1m')
        .sign(privateKey);
    const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(publicKey)));
    const symmetric = await new SignJWT({ sub: 'eve', groups: ['ops'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(provider.issuer)
      .setAudience(AUDIENCE)
      .setExpirationTime('1m')
      .sign(secret);
    const [head = '', , signature = ''] = (await provider.machineToken(['staff'])).split('.');
    const raised = Buffer.from(JSON.stringify({ sub: 'eve', groups: ['ops'] })).toString('base64url');
    for (const token of [
      await forged(provider.issuer, AUDIENCE),
      await forged('http://127.0.0.1:1', AUDIENCE),
      symmetric,
      `${head}.${raised}.${signature}`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${raised}.`,
    ]) {
      const refused = await ask(token);
      expect([refused.status, refused.body.code]).toEqual([401, 'unauthorized']);
    }
    const other = new OidcProvider({ ...settings, audience: 'another' }, pino({ level: 'silent' }));
    expect(await other.verify(await provider.machineToken(['ops']))).toBeNull();
    expect(bed.lifecycle.orders.length).toBe(before);
  });

  it('that has no end is none, however well it is signed', async () => {
    const claims = { sub: 'ci', groups: ['staff'] };
    const exp = Math.floor(Date.now() / 1000) + 60;
    expect(
      await new OidcProvider(settings, pino({ level: 'silent' })).verify(await provider.signed(claims)),
    ).toBeNull();
    const right = await provider.signed({ ...claims, exp });
    expect((await ask(right)).body.code).toBe('not-permitted');
  });

  it('that is old is refused as old', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = await provider.signed({ sub: 'ci', groups: ['ops'], exp: now - 60 });
    expect((await ask(token)).body).toMatchObject({
      code: 'unauthorized',
      detail: expect.stringMatching(/expired/),
    });
  });

  it('cannot be checked while the provider is away, which is no refusal', async () => {
    const [port = 0] = await freePorts(1);
    const away = await startControlBed({
      oidc: new OidcProvider({ ...settings, issuer: `http://127.0.0.1:${port}` }, pino({ level: 'silent' })),
    });
    const token = await provider.machineToken(['ops']);
    const answer = await request(away.url).get('/v1/migrations').set('authorization', `Bearer ${token}`);
    expect([answer.status, answer.body.code]).toEqual([503, 'unreachable']);
    await away.close();
  });
});
