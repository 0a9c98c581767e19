import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from './testing/browser.ts';
import { RunningShop } from './testing/running-shop.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LOOKS = 60;
/** How far the page is wider than its window, in pixels. */
const TOO_WIDE = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
const UNASKED = ['--override', 'shadow', '--reason', 'one browser asks too little to compare'];

let shop: RunningShop;
let browser: Browser;
let page: Page;
/** What the browser had to complain of, and every answer that was a failure of the shop. */
const wrong: string[] = [];

beforeAll(async () => {
  [shop, browser] = await Promise.all([RunningShop.start(2000, { withCart: true }), startBrowser()]);
  await shop.up();
  page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('response', (answer) => answer.status() >= 400 && wrong.push(`${answer.status()} ${answer.url()}`));
}, 600_000);
afterAll(async () => {
  await browser.close();
  await shop.close();
});
afterEach(() => expect(wrong).toEqual([]));

const visit = (path: string) => page.goto(`${shop.proxyUrl}${path}`);
const press = (name: string | RegExp) => page.getByRole('button', { name }).click();
const textOf = (selector = 'main') => page.locator(selector).innerText();

interface Bought {
  productId: number;
  orderId: number;
}

/** Buys the nth product of the list as a person does: by looking, clicking and sending forms. */
async function buy(nth: number): Promise<Bought> {
  await visit('/shop');
  await page.locator('.grid a').nth(nth).click();
  await page.getByLabel('Quantity').fill('2');
  const productId = Number(page.url().split('/').at(-1));
  await press('Put into the cart');
  await page.waitForURL('**/shop/cart');
  await page.getByLabel('Pay by').selectOption('invoice');
  await press('Order now');
  await page.waitForURL('**/shop/orders/*');
  // The browser was sent on: to load it anew orders nothing again.
  await page.reload();
  return { productId, orderId: Number(page.url().split('/').at(-1)) };
}

/** Buys on and on while a migration moves; gives how many orders there were in the meantime. */
async function buyDuring(moving: Promise<unknown>): Promise<Bought[]> {
  let isOver = false;
  const over = moving.finally(() => (isOver = true));
  over.catch(() => undefined);
  const bought: Bought[] = [];
  for (let nth = 0; !isOver || bought.length === 0; nth = (nth + 1) % 20) bought.push(await buy(nth));
  await over;
  return bought;
}

async function extract(migration: string): Promise<void> {
  await shop.move('sync', migration);
  await shop.move('shadow', migration);
  await shop.move('verify', migration);
  await shop.move('canary', migration, '--weight', '50', ...UNASKED);
  await shop.move('cutover', migration, ...UNASKED);
}

/** An order with its payment, of a product that the catalog tells the price of. */
async function expectReceipt({ orderId }: Bought): Promise<void> {
  await visit(`/shop/orders/${orderId}`);
  const said = await textOf();
  expect(said).toMatch(new RegExp(`Order W${orderId}\\b`));
  const [, total] = /Total £([\d.]+)/.exec(said)!;
  // With carts in a service, the payment is captured behind the answer's back.
  for (let looks = 0; looks < LOOKS && (await textOf()).includes('being booked'); looks += 1) {
    await page.waitForTimeout(50);
    await page.reload();
  }
  expect(await textOf()).toContain(`£${total} by invoice: paid.`);
}

/** Changes a price through the proxy, so at whoever owns the catalog, and waits until the order's page tells it. */
async function expectPriceToday({ productId, orderId }: Bought, price: string): Promise<void> {
  const changed = await fetch(`${shop.proxyUrl}/api/products/${productId}/price`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ price }),
  });
  expect(changed.status).toBe(200);
  await visit(`/shop/orders/${orderId}`);
  const today = page.locator('td:last-child');
  for (let looks = 0; looks < LOOKS && (await today.innerText()) !== `£${price}`; looks += 1) {
    await page.waitForTimeout(50);
    await page.reload();
  }
  expect(await today.innerText()).toBe(`£${price}`);
}

/** What axe finds, as `rule: element`. */
async function violations(): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

describe('the pages of the shop, in a browser, through the proxy', () => {
  let first: Bought;

  it('before anything moves: sign up, and buy', async () => {
    await visit('/shop/sign-in');
    const newcomer = page.getByRole('region', { name: 'You are new' });
    await newcomer.getByLabel('Name').fill('Ann');
    await newcomer.getByLabel('E-mail').fill('ann@example.com');
    await newcomer.getByLabel(/Password/).fill('correct horse');
    await press('Sign up');
    await page.waitForURL('**/shop');
    const [cookie] = (await page.context().cookies()).filter(({ name }) => name === 'shop_session');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/shop' });
    expect(await page.evaluate('document.cookie')).toBe('');
    first = await buy(0);
    await expectReceipt(first);
    await expectPriceToday(first, '11.11');
  }, 120_000);

  it('are fit for everybody, on a small screen and in the dark too', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const path of [
        '/shop',
        `/shop/products/${first.productId}`,
        '/shop/cart',
        `/shop/orders/${first.orderId}`,
      ]) {
        await page.setViewportSize({ width: 390, height: 800 });
        await visit(path);
        expect(await violations()).toEqual([]);
        expect(await page.evaluate(TOO_WIDE)).toBe(0);
      }
    }
  }, 120_000);

  it('while the catalog leaves: nobody notices, and orders show what the service says of their products', async () => {
    const between = await buyDuring(extract('catalog'));
    await expectReceipt(between.at(-1)!);
    await expectPriceToday(first, '22.22');
    await expectReceipt(await buy(1));
  }, 300_000);

  it('while the carts leave, and the checkout with them: forms go to the new owner', async () => {
    const between = await buyDuring(extract('cart'));
    await expectReceipt(between.at(-1)!);
    const after = await buy(2);
    await expectReceipt(after);
    await expectPriceToday(after, '33.33');
    const { rows } = await shop.service.query('SELECT state FROM stock_reservation ORDER BY reference');
    expect(rows.length).toBeGreaterThan(0);
  }, 300_000);

  it('while the carts go back: the same session, the same cart, the same orders', async () => {
    await visit(`/shop/products/${first.productId}`);
    await press('Put into the cart');
    await page.waitForURL('**/shop/cart');
    await shop.move('rollback', 'cart');
    await visit('/shop/cart');
    expect(await page.locator('tbody tr').count()).toBe(1);
    await press('Order now');
    await page.waitForURL('**/shop/orders/*');
    await expectReceipt(first);
    await press(/Sign out/);
    expect((await page.context().cookies()).filter(({ name }) => name === 'shop_session')).toEqual([]);
  }, 120_000);
});

describe('the steps of a checkout', () => {
  const REFERENCE = 'f'.repeat(32);
  const STEPS: [method: string, path: string, body?: object][] = [
    ['PUT', `/internal/reservations/${REFERENCE}`, { lines: [{ productId: 1, quantity: 1 }] }],
    ['POST', `/internal/reservations/${REFERENCE}/release`, { lines: [{ productId: 1, quantity: 1 }] }],
    ['PUT', `/internal/authorisations/${REFERENCE}`, { method: 'card', amount: '1.00' }],
    ['POST', `/internal/authorisations/${REFERENCE}/capture`, { orderId: 1, method: 'card', amount: '1.00' }],
    ['POST', `/internal/authorisations/${REFERENCE}/void`],
    ['POST', '/internal/refunds', { orderId: 1 }],
    [
      'PUT',
      `/internal/placements/${REFERENCE}`,
      {
        customerId: null,
        total: '1.00',
        lines: [{ productId: 1, description: 'A', quantity: 1, unitPrice: '1.00' }],
      },
    ],
    ['DELETE', `/internal/placements/${REFERENCE}`],
  ];
  /** Spellings by which a path may slip past a route, or past a server that is not meant. */
  const SPELLINGS = [
    (path: string) => path,
    (path: string) => path.replace('/i', '/%69'),
    (path: string) => `/.${path}`,
    (path: string) => `/api/products/..${path}`,
    (path: string) => `/api/products/%2e%2e/%2e%2e${path}`,
    (path: string) => `/api/products/1/..%2f..%2f..${path}`,
    (path: string) => `/api/products/1;${path}`,
    (path: string) => `/${path}`,
    (path: string) => path.toUpperCase(),
  ];
  /** As bytes: no client in between tidies the path up. */
  const send = (method: string, path: string, body: object | undefined, host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const [hostname, port] = shop.env['PROXY_LISTEN']!.split(':');
      const headers = { host, 'content-type': 'application/json', 'x-forwarded-host': host };
      const sent = request({ hostname, port, path, method, headers, agent: false }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      });
      sent.once('error', reject).end(body ? JSON.stringify(body) : undefined);
    });
  const done = async (): Promise<number> => {
    const IN_MONOLITH = `
      SELECT (SELECT count(*) FROM stk_resv WHERE resv_ref = $1) + (SELECT count(*) FROM pymt_auth WHERE auth_ref IN ($1, 'refund-1'))
           + (SELECT count(*) FROM ord_ref WHERE ord_ref = $1) AS n`;
    const { rows } = await shop.monolith.query<{ n: string }>(IN_MONOLITH, [REFERENCE]);
    const IN_CATALOG = 'SELECT count(*) AS n FROM stock_reservation WHERE reference = $1';
    const { rows: others } = await shop.service.query<{ n: string }>(IN_CATALOG, [REFERENCE]);
    return Number(rows[0]!.n) + Number(others[0]!.n);
  };

  it('cannot be reached through the proxy, however the path is spelt, and whoever has the catalog', async () => {
    const [catalogHost = '', stepsHost = ''] = [shop.env['CATALOG_URL'], shop.env['ORDERS_PLACES']].map(
      (url) => new URL(url!).host,
    );
    const reached: string[] = [];
    for (const [method, path, body] of STEPS) {
      for (const spell of SPELLINGS) {
        for (const host of [shop.env['PROXY_LISTEN']!, stepsHost, catalogHost]) {
          const status = await send(method, spell(path), body, host);
          if (status !== 400 && status !== 404)
            reached.push(`${method} ${spell(path)} at ${host}: ${status}`);
        }
      }
    }
    expect(reached).toEqual([]);
    expect(await done()).toBe(0);
  });

  it('can where they are meant to be', async () => {
    const answer = await fetch(`${shop.env['ORDERS_PLACES']}/internal/authorisations/${REFERENCE}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ method: 'card', amount: '1.00' }),
    });
    expect(answer.status).toBe(204);
    expect(await done()).toBe(1);
  });
});
