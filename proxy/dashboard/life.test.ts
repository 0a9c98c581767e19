import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { startBrowser } from '../../scripts/testing/browser.ts';
import { RunningShop } from '../../scripts/testing/running-shop.ts';
import { startCuttableWire, type CuttableWire } from '../control/testing/cuttable-wire.ts';
import { openPage, untilLive } from './testing/open-page.ts';

const PATIENCE_MS = 60_000;
const TOKENS = { operator: 'ada-operates-here', viewer: 'the-wall-only-looks' };

let shop: RunningShop;
let wire: CuttableWire;
let browser: Browser;
let page: Page;
let wrong: string[];
let traffic: Traffic;

beforeAll(async () => {
  [shop, browser] = await Promise.all([RunningShop.start(2000), startBrowser()]);
  shop.env['STRANGLER_TOKENS'] = `ada:operator:${TOKENS.operator} wall:viewer:${TOKENS.viewer}`;
  await shop.up();
  wire = await startCuttableWire(`http://${shop.env['CONTROL_LISTEN']}`);
  traffic = new Traffic(shop.proxyUrl);
  ({ page, wrong } = await openPage(browser, wire.url, '/migrations/catalog'));
}, 600_000);
afterAll(async () => {
  await traffic.end();
  await browser.close();
  await wire.close();
  await shop.close();
});

/** Reads that go on all the time: comparing, weights and latency need somebody to ask. */
class Traffic {
  readonly #done: Promise<void>;
  #isOver = false;

  constructor(url: string) {
    this.#done = this.#ask(url);
  }

  async #ask(url: string): Promise<void> {
    for (let at = 0; !this.#isOver; at += 1) {
      const path = at % 3 === 0 ? '/api/products' : `/api/products/${(at % 40) + 1}`;
      await fetch(url + path, { signal: AbortSignal.timeout(10_000) }).then(
        (answer) => answer.arrayBuffer(),
        () => undefined,
      );
    }
  }

  end(): Promise<void> {
    this.#isOver = true;
    return this.#done;
  }
}

async function signIn(on: Page, token: string): Promise<void> {
  await on.getByLabel('Your token for this control API').fill(token);
  await on.getByRole('button', { name: 'Sign in' }).click();
}

const main = (): Locator => page.locator('main');
const dialog = (): Locator => page.getByRole('dialog');
const stage = (): Locator => page.locator('.path [aria-current="step"]');

/** Opens the plan of a move from the head of the migration. */
async function plan(button: RegExp): Promise<void> {
  await page.locator('.head').getByRole('button', { name: button }).click();
  await dialog().getByRole('heading', { name: 'What it does' }).waitFor({ timeout: PATIENCE_MS });
}

/** Looks at the gates again until they hold: on a slow machine the sync may be behind. */
async function untilAllowed(): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  const allowed = dialog().getByText('It could be taken now.');
  while (!(await allowed.isVisible())) {
    if (Date.now() > giveUpAt) throw new Error(`its gates never held: ${await dialog().innerText()}`);
    await dialog().getByRole('button', { name: 'Look again' }).click();
    await dialog().locator('[aria-busy="false"]').waitFor({ timeout: PATIENCE_MS });
  }
}

/** Orders the move whose plan is open, and waits until it is done. */
async function order(button: string, outcome: string): Promise<void> {
  await untilAllowed();
  await dialog().getByRole('button', { name: button, exact: true }).click();
  await dialog().getByText(outcome).waitFor({ timeout: PATIENCE_MS });
  await dialog().getByRole('button', { name: 'Close', exact: true }).last().click();
  await dialog().waitFor({ state: 'hidden' });
}

const standsAt = (name: string): Promise<void> =>
  stage().getByText(name).first().waitFor({ timeout: PATIENCE_MS });

describe('a migration, taken through its whole life by clicking', () => {
  it('lets nobody in without a token, and nobody with a wrong one', async () => {
    await signIn(page, 'a-guess-at-a-token');
    await page.getByText('The token is not the right one.').waitFor();
    await signIn(page, TOKENS.operator);
    await untilLive(page);
    await page.getByRole('heading', { level: 1, name: 'catalog' }).waitFor();
    wrong.length = 0;
  });

  it('shows what the sync would do, and does it', async () => {
    await standsAt('legacy');
    await plan(/^Start the sync/);
    await dialog().getByText('journal the stage dual-write').waitFor();
    await order('Start the sync', 'Done: legacy → dual-write');
    await standsAt('dual-write');
    await main().getByRole('heading', { name: 'Backfill' }).waitFor();
    await main()
      .getByText(/tbl_products.*done/)
      .first()
      .waitFor({ timeout: PATIENCE_MS });
  });

  it('shows a viewer the plan, and lets them order nothing', async () => {
    const { page: wall } = await openPage(browser, wire.url, '/migrations/catalog');
    await signIn(wall, TOKENS.viewer);
    await untilLive(wall);
    await wall
      .locator('.head')
      .getByRole('button', { name: /^Compare answers/ })
      .click();
    const plan = wall.getByRole('dialog');
    await plan.getByText('You may look, and not move: an operator may.').waitFor();
    await plan.getByRole('heading', { name: 'What it does' }).waitFor();
    expect(await plan.getByRole('button', { name: 'Compare answers', exact: true }).isDisabled()).toBe(true);
    await wall.keyboard.press('Escape');
    expect(await wall.getByRole('button', { name: 'Compare the rows' }).isDisabled()).toBe(true);
    // And not only the page says so.
    const status = await wall.evaluate(async () => {
      const session = (await (await fetch('/v1/session')).json()) as { csrfToken: string };
      const headers = { 'content-type': 'application/json', 'x-strangler-csrf': session.csrfToken };
      const order = { method: 'POST', headers, body: '{"verb":"shadow"}' };
      return (await fetch('/v1/migrations/catalog/moves', order)).status;
    });
    expect(status).toBe(403);
    await wall.context().close();
  });

  it('compares answers, of a sample of the reads', async () => {
    await plan(/^Compare answers/);
    await order('Compare answers', 'Done: dual-write → shadow');
    await standsAt('shadow');
    await main()
      .getByText(/answers compared/)
      .waitFor({ timeout: PATIENCE_MS });
  });

  it('shows a gate that refuses, with value, threshold and what to do, and does not offer the move', async () => {
    await plan(/^Send reads over/);
    const gate = dialog().locator('.gates li[data-tone="bad"]', { hasText: 'verify' });
    await gate.getByText('never run').waitFor();
    await gate.getByText(/needs 0 differences/).waitFor();
    expect(await gate.locator('.advice').innerText()).toContain('strangler verify');
    expect(await dialog().getByRole('button', { name: 'Send reads over', exact: true }).isDisabled()).toBe(
      true,
    );
    await page.keyboard.press('Escape');
    await main().getByRole('button', { name: 'Compare the rows' }).click();
    await main()
      .getByText(/no differences in [\d,]+ rows/)
      .first()
      .waitFor({ timeout: PATIENCE_MS });
  });

  it('sends half of the reads over, and shows the weight that came of it', async () => {
    await plan(/^Send reads over/);
    await dialog().getByLabel('Percent of the clients').fill('50');
    await order('Send reads over', 'Done: shadow → canary');
    await standsAt('canary 50 %');
    await main()
      .getByText(/went there lately/)
      .waitFor({ timeout: PATIENCE_MS });
  });

  it('shows that the connection is lost and how old the data are, and heals by itself', async () => {
    wire.sever();
    const notice = page.locator('.notice[data-state="stale"]');
    await notice.getByText(/The connection is lost.*What you see is .* old/).waitFor({ timeout: 30_000 });
    await page.getByText('Connection lost', { exact: true }).waitFor();
    wire.mend();
    await untilLive(page);
    await notice.waitFor({ state: 'hidden' });
    // What a cut connection says in the browser's own console is what this test is about.
    wrong.length = 0;
  });

  it('cuts over with a reason, which the journal keeps with who ordered it', async () => {
    await plan(/^Cut over/);
    await dialog()
      .getByText(/new writes of the migration's routes, in every proxy: at most/)
      .waitFor();
    await dialog()
      .getByLabel(/^Reason/)
      .fill('quiet hour');
    await order('Cut over', 'Done: canary → extracted');
    await standsAt('extracted');
    expect((await page.locator('.head').innerText()).replaceAll(/\s+/g, ' ')).toContain('owner service');
    const entry = page.locator('.timeline li', { hasText: 'canary → extracted' }).first();
    await entry.getByText('quiet hour').waitFor({ timeout: PATIENCE_MS });
    expect(await entry.innerText()).toContain('by ada');
  });

  it('rolls back from any view with one click to what it would do, and one to do it', async () => {
    await page.getByRole('link', { name: 'Routes', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Routes' }).waitFor();
    await page
      .locator('header.top')
      .getByRole('button', { name: /^Roll back/ })
      .click();
    await page.getByRole('dialog', { name: 'Roll back: catalog' }).waitFor();
    await dialog().getByText('nothing: the move can be made again').waitFor();
    await order('Roll back', 'Done: extracted → shadow');
    await page.getByRole('link', { name: 'catalog' }).first().click();
    await standsAt('shadow');
  });

  it('goes forward again, and retires for good with a gate overridden for a reason', async () => {
    await main().getByRole('button', { name: 'Compare the rows' }).click();
    await main()
      .getByText(/no differences in [\d,]+ rows/)
      .first()
      .waitFor({ timeout: PATIENCE_MS });
    await plan(/^Send reads over/);
    await order('Send reads over', 'Done: shadow → canary');
    await plan(/^Cut over/);
    await order('Cut over', 'Done: canary → extracted');
    await main().getByRole('button', { name: 'Compare the rows' }).click();
    await main()
      .getByText(/no differences in [\d,]+ rows/)
      .first()
      .waitFor({ timeout: PATIENCE_MS });
    await plan(/^Retire for good/);
    const retire = dialog().getByRole('button', { name: 'Retire for good', exact: true });
    await dialog().locator('.gates li', { hasText: 'quiet' }).getByRole('checkbox').check();
    await dialog()
      .getByLabel(/^Reason/)
      .fill('a trial run');
    await untilAllowed();
    expect(await retire.isDisabled()).toBe(true);
    await dialog()
      .getByLabel(/nothing leads back/)
      .check();
    await order('Retire for good', 'Done: extracted → retired');
    await standsAt('retired');
    await main().getByText('Nothing is left to do').waitFor();
    expect(wrong).toEqual([]);
  });
});
