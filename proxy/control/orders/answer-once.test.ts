import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { ControlError } from '../lifecycle.ts';
import { startControlBed, type ControlBed } from '../testing/control-bed.ts';
import { LAG_GATE } from '../testing/memory-lifecycle.ts';
import { MemoryAnswers } from './kept-answers.ts';

const ADA = { name: 'ada', role: 'operator', secret: 'the secret of ada' } as const;
const BOB = { name: 'bob', role: 'operator', secret: 'the secret of bob' } as const;

let bed: ControlBed;
beforeEach(async () => {
  bed = await startControlBed();
});
afterEach(() => bed.close());

const order = (key: string, body: object = { verb: 'sync', reason: 'a test' }, at = bed) =>
  request(at.url).post('/v1/migrations/catalog/moves').set('idempotency-key', key).send(body);

describe('an order with a key', () => {
  it('is carried out once, and answered the same each time', async () => {
    const first = await order('k1');
    const second = await order('k1', { reason: 'a test', verb: 'sync' });
    expect(bed.lifecycle.orders.length).toBe(1);
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect([first, second].map(({ headers }) => headers['idempotency-replayed'])).toEqual([
      undefined,
      'true',
    ]);
  });

  it('without a key is carried out each time', async () => {
    for (let i = 0; i < 2; i += 1)
      await request(bed.url).post('/v1/migrations/catalog/moves').send({ verb: 'sync' });
    expect(bed.lifecycle.orders.length).toBe(2);
  });

  it('keeps status and place of an answer without a body', async () => {
    const verify = () =>
      request(bed.url).post('/v1/migrations/catalog/verifications').set('idempotency-key', 'k2').send({});
    const [first, second] = [await verify(), await verify()];
    for (const answer of [first, second])
      expect([answer.status, answer.headers['location'], answer.text]).toEqual([
        202,
        '/v1/migrations/catalog',
        '',
      ]);
    expect(bed.lifecycle.orders.length).toBe(1);
  });

  it.each([
    ['another verb', { verb: 'shadow' }, 'catalog'],
    ['another reason', { verb: 'sync', reason: 'other' }, 'catalog'],
    ['another migration', { verb: 'sync', reason: 'a test' }, 'orders'],
  ])('is refused under the key of one with %s', async (_what, body, migration) => {
    await order('k3');
    const answer = await request(bed.url)
      .post(`/v1/migrations/${migration}/moves`)
      .set('idempotency-key', 'k3')
      .send(body);
    expect([answer.status, answer.body.code]).toEqual([422, 'key-reused']);
    expect(bed.lifecycle.orders.length).toBe(1);
  });

  it('that is given again while it runs is told so, and later how it ended', async () => {
    const running = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    bed.lifecycle.onMove = async () => {
      begun.resolve();
      await running.promise;
      return {};
    };
    const first = order('k4').then((answer) => answer);
    await begun.promise;
    const meanwhile = await order('k4');
    expect([meanwhile.status, meanwhile.body.code]).toEqual([409, 'order-in-progress']);
    running.resolve();
    expect((await order('k4')).body).toEqual((await first).body);
    expect(bed.lifecycle.orders.length).toBe(1);
  });

  it('that a gate refused did nothing, and may be given again under its key', async () => {
    bed.lifecycle.onMove = async () => {
      throw new ControlError('gate-refused', 'lag', [LAG_GATE]);
    };
    expect((await order('k5')).status).toBe(422);
    bed.lifecycle.onMove = async () => ({});
    expect((await order('k5')).status).toBe(200);
  });

  it('that failed on its way is not tried again under its key', async () => {
    bed.lifecycle.onMove = async () => {
      throw new ControlError('timed-out', 'taken back');
    };
    const [first, second] = [await order('k6'), await order('k6')];
    expect([first.status, second.status, second.body]).toEqual([504, 504, first.body]);
    expect(second.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(bed.lifecycle.orders.length).toBe(1);
  });

  it('is known to a second control process, and after a restart', async () => {
    const answers = new MemoryAnswers();
    const one = await startControlBed({ answers });
    const first = await order('k7', undefined, one);
    await one.close();
    const two = await startControlBed({ answers });
    expect((await order('k7', undefined, two)).body).toEqual(first.body);
    expect(two.lifecycle.orders).toEqual([]);
    await two.close();
  });

  it('has its key for itself: the same key of somebody else is another order', async () => {
    const locked = await startControlBed({ tokens: [ADA, BOB] });
    for (const { secret } of [ADA, BOB, BOB]) {
      const answer = await order('k8', undefined, locked).set('authorization', `Bearer ${secret}`);
      expect(answer.status).toBe(200);
    }
    expect(locked.lifecycle.orders.map(({ actor }) => actor.name)).toEqual(['ada', 'bob']);
    await locked.close();
  });

  it.each(['', 'a b', 'x'.repeat(101)])('is refused with a key that is none: %j', async (key) => {
    const answer = await order(key);
    expect([answer.status, answer.body.code]).toEqual([400, 'bad-request']);
    expect(bed.lifecycle.orders).toEqual([]);
  });
});
