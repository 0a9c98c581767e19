import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startControlBed, type ControlBed } from './testing/control-bed.ts';

let bed: ControlBed;
beforeAll(async () => {
  bed = await startControlBed();
});
afterAll(() => bed.close());

const order = (body: string, path = '/v1/migrations/catalog/moves') =>
  request(bed.url).post(path).set('content-type', 'application/json').send(body);

describe('a bad body', () => {
  it.each([
    ['{', /not valid JSON/],
    ['', /`verb` must be one of sync, shadow/],
    ['[]', /must be a JSON object/],
    ['{}', /`verb` must be one of sync, shadow/],
    ['{"verb":"cutoverr"}', /`verb` must be one of sync, shadow/],
    ['{"verb":"canary"}', /`weight` is needed for canary/],
    ['{"verb":"canary","weight":5,"ramp":true}', /`ramp` sets the weight by itself/],
    ['{"verb":"canary","ramp":false}', /`weight` is needed for canary .* or `ramp` must be true/],
    ['{"verb":"canary","ramp":"yes"}', /`ramp` must be true or false/],
    ['{"verb":"shadow","ramp":true}', /`ramp` is only for canary, not for shadow/],
    ['{"verb":"cutover","weight":5}', /`weight` is only for canary, not for cutover/],
    ['{"verb":"canary","weight":"5"}', /`weight` must be a number from 0 to 100/],
    ['{"verb":"canary","weight":100.1}', /`weight` must be a number from 0 to 100/],
    ['{"verb":"canary","weight":-1}', /`weight` must be a number from 0 to 100/],
    ['{"verb":"canary","weight":3.14}', /at most one decimal/],
    ['{"verb":"sync","wieght":5}', /`wieght` is not known here/],
    ['{"verb":"sync","reason":5}', /`reason` must be text/],
    [`{"verb":"sync","reason":"${'x'.repeat(501)}"}`, /`reason` must not be longer than 500/],
  ])('%s is refused in words', async (body, words) => {
    const answer = await order(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'bad-request']);
    expect(answer.body.detail).toMatch(words);
    expect(bed.lifecycle.orders).toEqual([]);
  });

  it('is refused for a verification too', async () => {
    const answer = await order('{"repair":"yes"}', '/v1/migrations/catalog/verifications');
    expect(answer.body).toMatchObject({ status: 400, detail: '`repair` must be true or false.' });
  });

  it('that is too large is not read', async () => {
    const answer = await order(JSON.stringify({ verb: 'sync', reason: 'x'.repeat(20_000) }));
    expect([answer.status, answer.body.code]).toEqual([413, 'too-large']);
  });

  it('that is compressed is not unpacked', async () => {
    const answer = await order('{}').set('content-encoding', 'gzip');
    expect([answer.status, answer.body.code]).toEqual([415, 'not-json']);
  });
});

describe('a good weight', () => {
  it.each([0, 0.1, 12.5, 33.3, 99.9, 100])('%p is taken', async (weight) => {
    const answer = await order(JSON.stringify({ verb: 'canary', weight }), '/v1/migrations/catalog/plan');
    expect(answer.status).toBe(200);
  });
});

describe('a bad address', () => {
  it.each([
    ['/nowhere', 404, 'unknown-path'],
    ['/v1', 404, 'unknown-path'],
    ['/V1/migrations', 404, 'unknown-path'],
    ['/v1/migrations/nothing', 404, 'unknown-migration'],
    ['/v1/migrations/%zz', 400, 'bad-request'],
    ['/v1/journal?migration=a&migration=b', 400, 'bad-request'],
    ['/v1/journal?migration=', 400, 'bad-request'],
    ['/..%2f..%2fpackage.json', 404, 'unknown-path'],
    ['/index.html', 404, 'unknown-path'],
  ])('%s is a problem', async (path, status, code) => {
    const answer = await request(bed.url).get(path);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect([answer.status, answer.body.code, answer.body.gates]).toEqual([status, code, []]);
  });

  it('names the migrations that there are', async () => {
    const answer = await request(bed.url).get('/v1/migrations/catalogue');
    expect(answer.body.detail).toMatch(/"catalogue".*catalog, orders/);
  });
});
