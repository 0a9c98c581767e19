import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { openTestShop, type TestShop } from '../testing/shop.ts';

const ANN = { name: 'Ann <b>', email: 'ann@example.com', password: 'correct horse' };

describe('the pages of the shop', () => {
  let shop: TestShop;
  beforeAll(async () => {
    shop = await openTestShop();
    await shop.rows(`UPDATE tbl_products SET prod_nm = '<script>alert("1")</script>' WHERE prod_id = 2`);
  });
  afterAll(() => shop.close());

  const visitor = () => request.agent(shop.app);
  type Visitor = ReturnType<typeof visitor>;
  const tokenAt = async (who: Visitor, path: string): Promise<string> => {
    const { text } = await who.get(path).expect(200);
    return /name="csrf" value="([^"]+)"/.exec(text)![1]!;
  };
  const send = (who: Visitor, path: string, csrf: string, fields: object = {}) =>
    who
      .post(path)
      .type('form')
      .send({ csrf, ...fields });
  const signUp = async (who: Visitor, person: typeof ANN) =>
    send(who, '/shop/sign-up', await tokenAt(who, '/shop/sign-in'), person).expect(303);
  const buy = async (who: Visitor): Promise<string> => {
    const line = { productId: 1, quantity: 2 };
    await send(who, '/shop/cart/lines', await tokenAt(who, '/shop/products/1'), line).expect(303);
    const checkout = { method: 'card' };
    const placed = await send(who, '/shop/checkout', await tokenAt(who, '/shop/cart'), checkout).expect(303);
    return placed.headers['location']!;
  };

  it('show what the shop knows, and never as markup', async () => {
    const { text, headers } = await request(shop.app).get('/shop').expect(200);
    expect(text).toContain('LANTERN');
    expect(text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
    expect(text).not.toContain('<script>alert');
    expect(headers['content-security-policy']).toMatch(/default-src 'none'/);
  });

  it('keep the session in a cookie that no script and no other site can use, and begin a new one at signing in', async () => {
    const before = await request(shop.app).get('/shop/sign-in').expect(200);
    const [cookie] = before.headers['set-cookie'] as unknown as string[];
    expect(cookie).toMatch(/^shop_session=[\w-]{43}; .*Path=\/shop; .*HttpOnly; SameSite=Lax$/);
    const csrf = /name="csrf" value="([^"]+)"/.exec(before.text)![1]!;
    const id = cookie!.split(';')[0]!;
    const sent = request(shop.app).post('/shop/sign-up').set('Cookie', id).type('form');
    const after = await sent.send({ csrf, ...ANN, email: 'fixed@example.com' }).expect(303);
    const [renewed] = after.headers['set-cookie'] as unknown as string[];
    expect(renewed!.split(';')[0]).not.toBe(id);
    await request(shop.app)
      .get('/shop/cart')
      .set('Cookie', id)
      .expect(303)
      .expect('location', '/shop/sign-in');
    const [row] = await shop.rows<{ kept: number }>(
      `SELECT count(*)::integer AS kept FROM web_sess WHERE sess_dgst = '${id.split('=')[1]}'`,
    );
    expect(row).toEqual({ kept: 0 });
  });

  it('mark the cookie as secure when the visitor came by HTTPS', async () => {
    const { headers } = await request(shop.app).get('/shop/sign-in').set('X-Forwarded-Proto', 'https');
    expect(headers['set-cookie']![0]).toContain('; Secure');
  });

  it('take an order from the form to the receipt, and send the browser on after each form', async () => {
    const ann = visitor();
    await signUp(ann, ANN);
    const receipt = await buy(ann);
    expect(receipt).toMatch(/^\/shop\/orders\/\d+$/);
    const { text } = await ann.get(receipt).expect(200);
    expect(text).toContain('LANTERN');
    expect(text).toContain('£5.10 by card: paid.');
    expect(text).toContain('Sign out Ann &lt;b&gt;');
    const again = await send(ann, '/shop/checkout', await tokenAt(ann, '/shop'), { method: 'card' });
    expect([again.status, again.text]).toEqual([409, expect.stringContaining('is empty')]);
    await send(ann, '/shop/sign-out', await tokenAt(ann, '/shop')).expect(303);
    await ann.get(receipt).expect(303).expect('location', '/shop/sign-in');
    const back = { email: 'ANN@example.com', password: ANN.password };
    await send(ann, '/shop/sign-in', await tokenAt(ann, '/shop/sign-in'), back).expect(303);
    await ann.get(receipt).expect(200);
  });

  it('show nobody the order of another customer', async () => {
    const [bob, eve] = [visitor(), visitor()];
    await signUp(bob, { ...ANN, email: 'bob@example.com' });
    await signUp(eve, { ...ANN, email: 'eve@example.com' });
    const receipt = await buy(bob);
    const { text } = await eve.get(receipt).expect(404);
    expect(text).not.toContain('LANTERN');
  });

  it('refuse a form that was not made for this session, and change nothing', async () => {
    const [one, other] = [visitor(), visitor()];
    await signUp(one, { ...ANN, email: 'one@example.com' });
    await signUp(other, { ...ANN, email: 'other@example.com' });
    const stolen = await tokenAt(other, '/shop/products/1');
    const line = { productId: 1, quantity: 1 };
    await send(one, '/shop/cart/lines', stolen, line).expect(403);
    await one.post('/shop/cart/lines').type('form').send(line).expect(403);
    expect((await one.get('/shop/cart').expect(200)).text).toContain('Nothing is in it.');
  });

  it('let nobody in with a wrong password, nor sign up twice', async () => {
    const zoe = visitor();
    const person = { ...ANN, email: 'zoe@example.com' };
    await signUp(zoe, person);
    const thief = visitor();
    const csrf = await tokenAt(thief, '/shop/sign-in');
    await send(thief, '/shop/sign-in', csrf, { email: person.email, password: 'wrong horse' }).expect(401);
    await send(thief, '/shop/sign-up', csrf, person).expect(409);
    await thief.get('/shop/orders').expect(303);
  });

  it('answer a failure with a page of the right status', async () => {
    for (const path of ['/shop/nothing', '/shop/products/99']) {
      const { text } = await request(shop.app).get(path).expect(404).expect('content-type', /html/);
      expect(text).toContain('There is no such page');
    }
    await request(shop.app).get('/shop?page=nine').expect(400).expect('content-type', /html/);
  });
});
