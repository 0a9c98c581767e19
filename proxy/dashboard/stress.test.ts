import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, CDPSession, Locator, Page } from 'playwright-core';
import { startBrowser } from '../../scripts/testing/browser.ts';
import type { RouteStatus } from '../control/lifecycle.ts';
import { startControlBed, type ControlBed } from '../control/testing/control-bed.ts';
import { journaled, migrationNamed } from '../control/testing/memory-lifecycle.ts';
import { useOf } from './testing/usage.ts';
import { openPage, untilLive } from './testing/open-page.ts';

const MIGRATIONS = 40;
const ROUTES_EACH = 250;
const EVENTS_A_SECOND = 100;
const SECONDS = 5;

let bed: ControlBed;
let browser: Browser;
beforeAll(async () => {
  bed = await startControlBed();
  const all = Array.from({ length: MIGRATIONS }, (_, at) =>
    migrationNamed(`capability-${at}`, { routes: routesOf(at), stage: 'canary', weightSet: 50 }),
  );
  bed.lifecycle.migrations.splice(0, 2, ...all);
  bed.lifecycle.routes = async (usedAfter: string | null = null) =>
    useOf(bed.lifecycle.migrations, usedAfter);
  browser = await startBrowser();
}, 600_000);
afterAll(async () => {
  await browser.close();
  await bed.close();
});

function routesOf(capability: number): RouteStatus[] {
  return Array.from({ length: ROUTES_EACH }, (_, at) => ({
    ...{ method: 'GET', host: null, path: `/api/capability-${capability}/thing-${at}/{id}`, conditions: [] },
    ...{ readsOrWrites: 'reads', answeredBy: '50 % service' },
  }));
}

/** Decides something a hundred times a second, and changes the status with it; resolves after the last. */
async function happen(): Promise<void> {
  const { lifecycle } = bed;
  const total = EVENTS_A_SECOND * SECONDS;
  lifecycle.journal = [];
  for (const migration of lifecycle.migrations) migration.stage = 'canary';
  const began = Date.now();
  for (let seq = 3; seq < total + 3; seq += 1) {
    const migration = lifecycle.migrations[seq % MIGRATIONS];
    if (migration) migration.epoch += 1;
    const entry = journaled({ seq, migration: migration?.name ?? '', at: new Date().toISOString() });
    lifecycle.journal = [...lifecycle.journal, entry];
    lifecycle.happen({ kind: 'journal', entry });
    if (seq % 20 === 0) lifecycle.announce();
    if (seq === total + 2) settle();
    // Events come at a pace, and a pace needs a clock: this waits for the time of the next one, never for the page.
    const due = began + ((seq - 2) * 1000) / EVENTS_A_SECOND;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - Date.now())));
  }
}

/** The last of what happens. */
function settle(): void {
  for (const migration of bed.lifecycle.migrations) migration.stage = 'shadow';
  bed.lifecycle.announce();
}

/** Where each view shows that. */
const NEWEST: Record<string, (page: Page) => Locator> = {
  '/': (page) => page.locator('[data-migration="capability-0"] dd', { hasText: 'shadow' }),
  '/routes': (page) => page.locator('.long-row', { hasText: 'shadow' }).first(),
  '/migrations/capability-3': (page) => page.locator('.path [aria-current]', { hasText: 'shadow' }),
  '/moves': (page) => page.getByText(`Evidence, entry ${EVENTS_A_SECOND * SECONDS + 2}`),
};

type Counters = Record<'Nodes' | 'LayoutCount' | 'TaskDuration' | 'ScriptDuration', number>;

/** As much of an element as scrolling needs. */
interface Scrolled {
  scrollHeight: number;
  scrollTo(x: number, y: number): void;
}

/** The browser's own counters of the page's main thread; durations in seconds of processor time. */
async function counters(session: CDPSession): Promise<Counters> {
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value])) as Counters;
}

/** Counts the messages of the page's threads, from its beginning. */
const COUNT_MESSAGES = `globalThis.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', () => { globalThis.messages += 1; });
  }
};`;

/** Counts the frames that are drawn from now on, and messages anew. */
const countFrames = (page: Page): Promise<unknown> =>
  page.evaluate(`(() => {
    globalThis.frames = 0;
    globalThis.messages = 0;
    const count = () => { globalThis.frames += 1; requestAnimationFrame(count); };
    requestAnimationFrame(count);
  })()`);

describe.each(Object.keys(NEWEST))(
  'under ten thousand routes and a hundred events a second, the page at %s',
  (view) => {
    it('keeps most of its time, draws each frame once at most, and shows the newest at the end', async () => {
      const { page, wrong } = await openPage(browser, bed.url, view, { first: COUNT_MESSAGES });
      await untilLive(page);
      await page.locator('h1').waitFor();
      const session = await page.context().newCDPSession(page);
      await session.send('Performance.enable', { timeDomain: 'threadTicks' });
      await countFrames(page);
      const before = await counters(session);
      await happen();
      const after = await counters(session);
      const frames: number = await page.evaluate('globalThis.frames');
      const messages: number = await page.evaluate('globalThis.messages');
      await NEWEST[view]?.(page).waitFor();

      const spent = (name: keyof Counters) => after[name] - before[name];
      // What one core does not notice; a page that copied and drew all of it at each event would take all of one.
      expect(spent('TaskDuration')).toBeLessThan(SECONDS * 0.2);
      expect(spent('ScriptDuration')).toBeLessThan(SECONDS * 0.1);
      // However many events came, they reached the page once a frame.
      expect(messages).toBeLessThanOrEqual(frames + 2);
      expect(messages).toBeGreaterThan(SECONDS * 5);
      // However many events came: what is laid out is laid out once a frame.
      expect(spent('LayoutCount')).toBeLessThanOrEqual(frames + 10);
      expect(frames).toBeGreaterThan(SECONDS * 10);
      expect(after.Nodes).toBeLessThan(15_000);
      expect(wrong).toEqual([]);
      await page.context().close();
    });
  },
);

describe('the list of ten thousand routes', () => {
  it('draws only what is seen, wherever one scrolls to, and finds one among all', async () => {
    const { page } = await openPage(browser, bed.url, '/routes');
    await untilLive(page);
    await page.getByText('10,000 routes', { exact: true }).waitFor();
    const rows = page.locator('.long-row');
    expect(await rows.count()).toBeLessThan(60);
    await page.locator('.long').evaluate((box: Scrolled) => box.scrollTo(0, box.scrollHeight));
    await page.getByText('/api/capability-39/thing-249/{id}').waitFor();
    expect(await rows.count()).toBeLessThan(60);
    await page.getByRole('searchbox').fill('capability-17/ thing-101');
    await page.getByText('1 of 10,000 routes').waitFor();
    await page.getByText('/api/capability-17/thing-101/{id}').waitFor();
    expect(page.url()).toContain('search=capability-17');
    await page.context().close();
  });
});
