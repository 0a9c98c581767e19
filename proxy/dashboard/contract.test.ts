import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startBrowser } from '../../scripts/testing/browser.ts';
import { startControlBed, type ControlBed } from '../control/testing/control-bed.ts';
import { openPage, untilLive } from './testing/open-page.ts';

let bed: ControlBed;
let browser: Browser;
beforeAll(async () => {
  [bed, browser] = await Promise.all([startControlBed(), startBrowser()]);
}, 300_000);
afterAll(async () => {
  await browser.close();
  await bed.close();
});

it('a migration’s page shows what its contracts differ in, and what recorded answers do, beside the gates', async () => {
  const { page, wrong } = await openPage(browser, bed.url, '/migrations/catalog');
  await untilLive(page);
  const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Contract' }) });
  await panel.getByText('status 503 is new').waitFor();
  const said = (await panel.innerText()).replace(/\s+/g, ' ');
  expect(said).toContain('2 warnings');
  expect(said).toContain('500 recorded answers were held to their documents, 3 more were not looked at');
  expect(said).toMatch(
    /service GET \/api\/products\/\{id\}: \$\.tags\[\*\]\.colour is not documented 12 times, last .*\/api\/products\/7\?token=\*\*\*/,
  );
  expect(said).toContain('And 2 times something that is not listed.');
  expect(wrong).toEqual([]);
}, 60_000);
