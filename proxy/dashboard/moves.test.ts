import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../../scripts/testing/browser.ts';
import type { ChangeStep } from '../control/happenings.ts';
import { startControlBed, type ControlBed } from '../control/testing/control-bed.ts';
import { startCuttableWire, type CuttableWire } from '../control/testing/cuttable-wire.ts';
import { LAG_GATE, migrationNamed } from '../control/testing/memory-lifecycle.ts';
import { openPage, untilLive } from './testing/open-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
}, 600_000);
afterAll(() => browser.close());

let bed: ControlBed;
let wire: CuttableWire;
let page: Page;
/** Lets the move that is being carried out end. */
let finish: () => void;

beforeEach(async () => {
  bed = await startControlBed();
  const { lifecycle } = bed;
  lifecycle.migrations.splice(
    0,
    2,
    migrationNamed('catalog', { stage: 'canary', next: 'cutover', back: 'rollback' }),
  );
  const planned = lifecycle.plan.bind(lifecycle);
  lifecycle.plan = async (name, request) => {
    const isOverridden = request.override?.includes('lag') ?? false;
    const gates = [{ ...LAG_GATE, overridden: isOverridden }];
    return { ...(await planned(name, request)), gates, allowed: isOverridden };
  };
  lifecycle.onMove = async (migration, { verb }) => {
    migration.moving = { verb, phase: 'await-held', since: '2026-01-02T00:00:00.000Z', by: 'ada' };
    lifecycle.announce();
    await new Promise<void>((resolve) => (finish = resolve));
    migration.moving = null;
    lifecycle.announce();
    return {};
  };
  wire = await startCuttableWire(bed.url);
  ({ page } = await openPage(browser, wire.url, '/migrations/catalog'));
  await untilLive(page);
});
afterEach(async () => {
  await page.context().close();
  await wire.close();
  await bed.close();
});

const step = (name: string, differing: Partial<ChangeStep>): void =>
  bed.lifecycle.happen({
    kind: 'step',
    step: {
      ...{ migration: 'catalog', verb: 'cutover', epoch: 2, step: name, title: name, state: 'begun' },
      ...{ at: '2026-01-02T00:00:01.000Z', tookMs: null, reason: null, writesWaitMs: null },
      ...differing,
    },
  });

/** Orders the cutover, with its gate overridden. */
async function orderCutover(): Promise<void> {
  await page
    .locator('.head')
    .getByRole('button', { name: /^Cut over/ })
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox', { name: /^Override/ }).check();
  await dialog.getByLabel(/^Reason/).fill('a test');
  await dialog.getByLabel(/^Your name/).fill('ada');
  await dialog.getByText('It could be taken now.').waitFor();
  await dialog.getByRole('button', { name: 'Cut over', exact: true }).click();
  await dialog.getByText('Under way').waitFor();
}

describe('a cutover that was ordered', () => {
  it('shows each step as it comes, with its time, and how long writes have waited', async () => {
    await orderCutover();
    const steps = page.getByRole('dialog').locator('.phases li');
    step('journal-started', { state: 'done', tookMs: 3 });
    step('await-held', { state: 'done', tookMs: 41, writesWaitMs: 44 });
    step('raise-fence', { writesWaitMs: 46 });
    await page.getByText('New writes have been waiting for 46 ms.').waitFor();
    const states = await steps.evaluateAll((all: { getAttribute(name: string): string | null }[]) =>
      all.map((one) => one.getAttribute('data-state')),
    );
    expect(states).toEqual(['done', 'done', 'doing', 'ahead', 'ahead', 'ahead', 'ahead', 'ahead']);
    expect(await steps.nth(1).innerText()).toMatch(/holds new writes[^]*41 ms/);
    step('raise-fence', { state: 'failed', reason: 'a transaction is open', writesWaitMs: 546 });
    step('journal-aborting', { writesWaitMs: 547 });
    await page.getByText('a transaction is open').waitFor();
    await page.getByText('The journal has that it is given up').waitFor();
    finish();
    await page.getByText('Done: canary → extracted').waitFor();
  });

  it('is carried out once, and its end is shown, when the connection is cut before the answer', async () => {
    await orderCutover();
    wire.cut();
    await page.locator('.connection[data-state="stale"]').waitFor();
    finish();
    await page.getByText('Done: canary → extracted').waitFor({ timeout: 30_000 });
    expect(bed.lifecycle.orders).toEqual([
      {
        ...{ call: 'move', request: { verb: 'cutover', override: ['lag'] } },
        actor: { name: 'ada', reason: 'a test' },
      },
    ]);
  });
});

describe('a refusal', () => {
  it('is shown with the gate that refused, when it did so only once the move was ordered', async () => {
    const { ControlError } = await import('../control/lifecycle.ts');
    bed.lifecycle.onMove = async () => {
      throw new ControlError('gate-refused', 'lag refuses cutover', [LAG_GATE]);
    };
    await page
      .locator('.head')
      .getByRole('button', { name: /^Cut over/ })
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('checkbox', { name: /^Override/ }).check();
    await dialog.getByLabel(/^Reason/).fill('a test');
    await dialog.getByLabel(/^Your name/).fill('ada');
    await dialog.getByRole('button', { name: 'Cut over', exact: true }).click();
    await dialog.getByText('lag refuses cutover').waitFor();
    await dialog.getByText('needs below 2 s').waitFor();
    await dialog.getByText('Wait until the sync has caught up.').waitFor();
  });
});
