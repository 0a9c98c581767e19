import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startControlBed, type ControlBed } from '../testing/control-bed.ts';
import { MemorySessions } from './sessions.ts';
import type { Token } from './tokens.ts';

const ADA: Token = { name: 'ada', role: 'operator', secret: 'the secret of ada' };
const WALL: Token = { name: 'wall', role: 'viewer', secret: 'a screen on the wall' };
const SHARED: Token = { name: null, role: 'operator', secret: 'open sesame' };

let bed: ControlBed;
beforeEach(async () => {
  bed = await startControlBed({ tokens: [ADA, WALL, SHARED] });
});
afterEach(() => bed.close());

const signIn = (secret: string, at = bed) => request(at.url).post('/v1/session').send({ token: secret });

/** What a browser would send from now on. */
async function browserOf({ secret }: Token, at = bed) {
  const answer = await signIn(secret, at);
  expect(answer.status).toBe(200);
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  const csrf = String(answer.body.csrfToken);
  const order = (headers: Record<string, string> = { 'x-strangler-csrf': csrf }, where = at) =>
    request(where.url)
      .post('/v1/migrations/catalog/moves')
      .set({ cookie: String(cookie.split(';')[0]), ...headers })
      .send({ verb: 'sync' });
  const get = (path: string, where = at) =>
    request(where.url)
      .get(path)
      .set('cookie', String(cookie.split(';')[0]));
  return { cookie, csrf, order, get };
}

describe('a token with a name', () => {
  const order = (token: Token, actor: string) =>
    request(bed.url)
      .post('/v1/migrations/catalog/moves')
      .set({ authorization: `Bearer ${token.secret}`, 'x-strangler-actor': actor })
      .send({ verb: 'sync' });

  it('is who stands in the journal, whatever its bearer says', async () => {
    await order(ADA, 'eve@desk');
    await order(SHARED, 'eve@desk');
    expect(bed.lifecycle.orders.map(({ actor }) => actor.name)).toEqual(['ada', 'eve@desk']);
  });

  it('of a viewer moves nothing', async () => {
    const answer = await order(WALL, 'eve');
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([
      403,
      'not-permitted',
      'wall may look, and not change anything.',
    ]);
    expect(bed.lifecycle.orders).toEqual([]);
  });
});

describe('the session of a page', () => {
  it('begins with a token, in a cookie that no script and no other site gets at', async () => {
    const { cookie, get } = await browserOf(ADA);
    expect(cookie).toMatch(/^strangler_session=[\w-]{43}; Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/);
    const { body } = await get('/v1/session');
    expect(body).toMatchObject({ isSignedIn: true, name: 'ada', role: 'operator', by: 'session' });
    expect((await get('/v1/migrations')).status).toBe(200);
  });

  it('has a secure cookie where browsers come by HTTPS', async () => {
    const secure = await startControlBed({ tokens: [ADA], secure: true });
    expect((await browserOf(ADA, secure)).cookie).toMatch(/; Secure/);
    await secure.close();
  });

  it('changes something only with its own CSRF token', async () => {
    const { csrf, order } = await browserOf(ADA);
    const other = await browserOf(ADA);
    for (const headers of [{}, { 'x-strangler-csrf': 'x' }, { 'x-strangler-csrf': other.csrf }]) {
      const answer = await order(headers);
      expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
    }
    expect(bed.lifecycle.orders).toEqual([]);
    expect((await order({ 'x-strangler-csrf': csrf })).status).toBe(200);
    expect(bed.lifecycle.orders.map(({ actor }) => actor.name)).toEqual(['ada']);
  });

  it('of a viewer looks, and changes nothing', async () => {
    const { order, get } = await browserOf(WALL);
    expect((await get('/v1/migrations')).status).toBe(200);
    expect([(await order()).status, bed.lifecycle.orders]).toEqual([403, []]);
  });

  it('ends when it is told to, and its cookie opens nothing any more', async () => {
    const { cookie, csrf, get } = await browserOf(ADA);
    const sent = { cookie: String(cookie.split(';')[0]) };
    expect((await request(bed.url).delete('/v1/session').set(sent)).status).toBe(403);
    const ended = await request(bed.url)
      .delete('/v1/session')
      .set({ ...sent, 'x-strangler-csrf': csrf });
    expect([ended.status, ended.headers['set-cookie']?.[0]]).toEqual([
      204,
      expect.stringMatching(/^strangler_session=; .*1970/),
    ]);
    expect((await get('/v1/migrations')).status).toBe(401);
    expect((await get('/v1/session')).body).toMatchObject({ isSignedIn: false, by: 'nobody' });
  });

  it('outlives a restart, and ends with the token that it came from', async () => {
    const sessions = new MemorySessions();
    const before = await startControlBed({ tokens: [ADA, WALL], sessions });
    const { get } = await browserOf(ADA, before);
    await before.close();
    for (const [tokens, status] of [
      [[ADA, WALL], 200],
      [[WALL], 401],
      [[{ ...ADA, secret: 'a new secret of ada' }], 401],
    ] as const) {
      const after = await startControlBed({ tokens, sessions });
      expect((await get('/v1/migrations', after)).status).toBe(status);
      await after.close();
    }
  });

  it('has the role that its token has now, not the one that it had', async () => {
    const sessions = new MemorySessions();
    const before = await startControlBed({ tokens: [ADA], sessions });
    const { order, csrf } = await browserOf(ADA, before);
    await before.close();
    const after = await startControlBed({ tokens: [{ ...ADA, role: 'viewer' }], sessions });
    expect((await order({ 'x-strangler-csrf': csrf }, after)).body.code).toBe('not-permitted');
    await after.close();
  });

  it('is not needed on loopback without tokens', async () => {
    const open = await startControlBed();
    const { body } = await request(open.url).get('/v1/session');
    expect(body).toEqual({
      ...{ isSignedIn: true, name: null, role: 'operator', by: 'loopback' },
      ...{ csrfToken: null, expiresAt: null, ways: [] },
    });
    await open.close();
  });
});

describe('wrong tokens', () => {
  const ask = (secret: string) =>
    request(bed.url).get('/v1/migrations').set('authorization', `Bearer ${secret}`);

  it('are counted, at the door and at the sign-in, and after ten nobody from there is let in for a while', async () => {
    const { get } = await browserOf(ADA);
    for (let i = 0; i < 5; i += 1) {
      expect((await ask(`guess ${i}`)).status).toBe(401);
      expect((await signIn(`guess ${i}`)).status).toBe(401);
    }
    for (const answer of [await ask(ADA.secret), await signIn(ADA.secret)]) {
      expect([answer.status, answer.body.code]).toEqual([429, 'too-many-attempts']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(50);
    }
    expect((await get('/v1/migrations')).status).toBe(200);
  });

  it('are not what came without any', async () => {
    for (let i = 0; i < 15; i += 1) expect((await request(bed.url).get('/v1/migrations')).status).toBe(401);
    expect((await ask(ADA.secret)).status).toBe(200);
  });
});
