import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../../scripts/testing/browser.ts';
import { startControlBed, type ControlBed } from '../control/testing/control-bed.ts';
import { everyStage } from './testing/every-stage.ts';
import { openPage, untilLive } from './testing/open-page.ts';

const VIEWER = { name: 'wall', role: 'viewer', secret: 'the-wall-only-looks' } as const;
const OPERATOR = { name: 'ada', role: 'operator', secret: 'ada-operates-here' } as const;

let bed: ControlBed;
let browser: Browser;
beforeAll(async () => {
  bed = await startControlBed({ tokens: [VIEWER, OPERATOR] });
  bed.lifecycle.migrations.splice(0, 2, ...everyStage());
  browser = await startBrowser();
}, 600_000);
afterAll(async () => {
  await browser.close();
  await bed.close();
});

async function open(token: string): Promise<Page> {
  const { page } = await openPage(browser, bed.url, '/migrations/orders');
  await page.getByLabel('Your token for this control API').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await untilLive(page);
  return page;
}

const FIELD = '$.tags[*].price';

it('a field is ignored with a reason, shown with who and why beside what the file says, and compared again', async () => {
  const page = await open(OPERATOR.secret);
  await page.getByRole('button', { name: `Ignore this, because … ${FIELD}` }).click();
  const order = page.getByRole('button', { name: 'Ignore it', exact: true });
  expect(await order.isDisabled()).toBe(true);
  await page.getByLabel(`Ignore ${FIELD}, because`).fill('the service rounds up');
  await order.click();
  const row = page.locator('.ignored li', { hasText: FIELD });
  await row.getByText('because the service rounds up').waitFor();
  expect(await row.innerText()).toContain('by ada');
  const ofFile = page.locator('.ignored li', { hasText: '$..requestId' });
  expect(await ofFile.innerText()).toContain('strangler.yaml');
  expect(await ofFile.getByRole('button').count()).toBe(0);
  expect(bed.lifecycle.orders).toEqual([
    {
      call: 'ignoreField',
      request: { path: FIELD, ignored: true },
      actor: { name: 'ada', reason: 'the service rounds up' },
    },
  ]);

  await row.getByRole('button', { name: 'Compare it again' }).click();
  await row.waitFor({ state: 'hidden' });
  expect(bed.lifecycle.orders.at(-1)).toMatchObject({ request: { path: FIELD, ignored: false } });
  await page.context().close();
});

it('a viewer sees what is ignored and why, and orders nothing', async () => {
  const page = await open(VIEWER.secret);
  await page.getByText('because each side counts its own').waitFor();
  expect(await page.getByRole('button', { name: /^Ignore this/ }).isDisabled()).toBe(true);
  expect(await page.getByRole('button', { name: /^Compare it again/ }).isDisabled()).toBe(true);
  await page.context().close();
});
