import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../../scripts/testing/browser.ts';
import { startControlBed, type ControlBed } from '../control/testing/control-bed.ts';
import { everyStage } from './testing/every-stage.ts';
import { quarterOfAnHour, threeMonths, useOf } from './testing/usage.ts';
import { openPage, untilLive, type OpenPage } from './testing/open-page.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const VIEWS = [
  '/',
  '/migrations/orders',
  '/migrations/catalog',
  '/migrations/cart',
  '/routes',
  '/routes?use=unmatched',
  '/moves',
];
const THEMES = ['light', 'dark'] as const;
const WIDTHS = [390, 1280, 2560];

let bed: ControlBed;
let browser: Browser;
beforeAll(async () => {
  bed = await startControlBed();
  bed.lifecycle.migrations.splice(0, 2, ...everyStage());
  bed.lifecycle.parkedKeys = [
    {
      ...{ table: 'order_line', key: '["4711"]', operation: 'upsert', since: new Date().toISOString() },
      ...{ waiting: 1, reason: 'null value in column "tax"', tries: 4 },
    },
  ];
  bed.lifecycle.routes = async (usedAfter: string | null = null) =>
    useOf(bed.lifecycle.migrations, usedAfter);
  bed.lifecycle.progress = async () => threeMonths();
  bed.lifecycle.traffic = async (name) => quarterOfAnHour(name);
  browser = await startBrowser();
}, 600_000);
afterAll(async () => {
  await browser.close();
  await bed.close();
});

/** What axe finds, as `rule: element`. */
async function violations(page: Page): Promise<string[]> {
  // Through the debugger: the policy of the page lets no other script in.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

/** Goes to a view and waits until it has been drawn, with what it asks for. */
async function goTo(page: Page, view: string): Promise<void> {
  await page.goto(page.url().replace(/#.*/, `#${view}`));
  await page.locator('h1').first().waitFor();
  await page.locator('main:not([aria-busy="true"])').waitFor();
}

/** How far the page is wider than its window, in pixels. */
const tooWide = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

describe.each(THEMES)('the page in %s colours', (theme) => {
  let open: OpenPage;
  beforeAll(async () => {
    open = await openPage(browser, bed.url, '/', { theme });
    await untilLive(open.page);
  });
  afterAll(() => open.page.context().close());

  it.each(VIEWS)('has no accessibility violation at %s, and asks nobody else', async (view) => {
    const { page, wrong } = open;
    await goTo(page, view);
    expect(await violations(page)).toEqual([]);
    expect(wrong).toEqual([]);
  });

  it('has none with the plan of a move open', async () => {
    const { page } = open;
    await goTo(page, '/migrations/orders');
    await page
      .locator('main')
      .getByRole('button', { name: /^Cut over/ })
      .click();
    await page.getByRole('dialog').getByText('One gate refuses it.').waitFor();
    expect(await violations(page)).toEqual([]);
  });
});

it.each(WIDTHS)('the page fits a window of %i pixels', async (width) => {
  const { page } = await openPage(browser, bed.url, '/', { width });
  await untilLive(page);
  for (const view of VIEWS) {
    await goTo(page, view);
    expect([view, Math.max(0, await tooWide(page))]).toEqual([view, 0]);
    const rows = page.locator('.long-row');
    // A list uses the room that there is.
    if ((await rows.count()) > 0) {
      const { width: used = 0 } = (await rows.first().boundingBox()) ?? {};
      expect(used).toBeGreaterThan(Math.min(width, 1000) * 0.8);
    }
  }
  await page.context().close();
});

describe('the page by keyboard', () => {
  it('goes to a view, opens a plan and closes it, with the focus where one is', async () => {
    const { page } = await openPage(browser, bed.url, '/');
    await untilLive(page);
    const focused = () => page.evaluate('document.activeElement.textContent.trim()');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await page.getByRole('link', { name: 'orders' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'orders' }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    expect(await page.title()).toBe('orders – Strangler');
    await page
      .locator('main')
      .getByRole('button', { name: /^Roll back/ })
      .focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Roll back: orders' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await focused()).toMatch(/^Roll back/);
    await page.context().close();
  });
});

describe('migrations that move together', () => {
  it('stand in one frame, and whoever moves one is told that it moves all', async () => {
    const { page } = await openPage(browser, bed.url, '/');
    await untilLive(page);
    const unit = page.locator('.unit');
    expect(await unit.count()).toBe(1);
    expect(await unit.locator('.card h3').allInnerTexts()).toEqual(['cart', 'wishlist']);
    await unit.getByText('cart and wishlist move together: a move of one is a move of all.').waitFor();
    await unit.getByRole('link', { name: 'wishlist' }).click();
    await page.getByRole('heading', { level: 1, name: 'wishlist' }).waitFor();
    await page.locator('.moves-with').getByRole('link', { name: 'cart' }).waitFor();
    await page
      .locator('.head')
      .getByRole('button', { name: /^Send reads over/ })
      .click();
    const dialog = page.getByRole('dialog', { name: 'Send reads over: cart and wishlist' });
    await dialog.getByText('a move of one is a move of all').waitFor();
    await page.context().close();
  });
});

describe('what looks for accessibility violations', () => {
  it('finds those that somebody puts into the page', async () => {
    const { page } = await openPage(browser, bed.url, '/');
    await untilLive(page);
    await page.evaluate(`{
      const main = document.querySelector('main');
      const image = document.createElement('img');
      const button = document.createElement('button');
      const pale = document.createElement('p');
      pale.append('hard to read');
      pale.className = 'violation';
      pale.attributeStyleMap.set('color', '#dddddd');
      main.append(image, button, pale);
    }`);
    const found = (await violations(page)).map((one) => one.split(':')[0]);
    expect(found).toEqual(expect.arrayContaining(['image-alt', 'button-name', 'color-contrast']));
    await page.context().close();
  });
});
