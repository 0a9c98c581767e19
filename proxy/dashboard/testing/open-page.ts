import type { Browser, Page } from 'playwright-core';

export interface OpenPage {
  page: Page;
  /** What went wrong in the browser by itself: errors, refusals of the policy, requests to others. */
  wrong: string[];
}

interface Look {
  width?: number;
  height?: number;
  theme?: 'light' | 'dark';
}

/** Opens a view in a fresh context, and waits until it shows live data. */
export async function openPage(
  browser: Browser,
  url: string,
  view: string,
  look: Look = {},
): Promise<OpenPage> {
  const { width = 1280, height = 900, theme = 'light' } = look;
  const context = await browser.newContext({
    ...{ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce' },
  });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) wrong.push(`asked ${request.url()}`);
  });
  await page.goto(`${url}/#${view}`);
  return { page, wrong };
}

/** Waits until the page says that what it shows is live. */
export async function untilLive(page: Page): Promise<void> {
  await page.locator('.connection[data-state="fresh"]').waitFor({ timeout: 30_000 });
}
