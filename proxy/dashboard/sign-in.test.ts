import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../../scripts/testing/browser.ts';
import { freePorts } from '../../scripts/testing/free-ports.ts';
import { OidcProvider } from '../control/auth/oidc/oidc.ts';
import { startControlBed, type ControlBed } from '../control/testing/control-bed.ts';
import { AUDIENCE, PAGE, startOidcProvider, type TestProvider } from '../control/testing/oidc-provider.ts';
import { openPage, untilLive } from './testing/open-page.ts';

const TOKEN = { name: 'night', role: 'operator', secret: 'for-the-night-only' } as const;
const BUTTON = 'Sign in with your organisation’s account';

let provider: TestProvider;
let away: TestProvider;
let beds: Record<'oidc' | 'both' | 'token' | 'away', ControlBed>;
let browser: Browser;

beforeAll(async () => {
  const [port = 0, ...others] = await freePorts(3);
  const redirectUrl = `http://127.0.0.1:${port}/v1/session/oidc/callback`;
  [provider, away] = await Promise.all([
    startOidcProvider(() => redirectUrl),
    startOidcProvider(() => redirectUrl),
  ]);
  const oidcOf = ({ issuer }: TestProvider) =>
    new OidcProvider(
      {
        ...{ issuer, clientId: PAGE.client_id, clientSecret: PAGE.client_secret },
        ...{ scopes: 'openid profile', audience: AUDIENCE, redirectUrl },
        ...{ nameClaim: 'preferred_username', rolesClaim: 'groups', operators: ['ops'], viewers: ['staff'] },
      },
      pino({ level: 'silent' }),
    );
  const on = (at: number) => ({ host: '127.0.0.1', port: at });
  const [first = 0, second = 0] = others;
  beds = {
    oidc: await startControlBed({ listen: on(port), oidc: oidcOf(provider) }),
    both: await startControlBed({ listen: on(first), tokens: [TOKEN], oidc: oidcOf(provider) }),
    token: await startControlBed({ tokens: [TOKEN] }),
    away: await startControlBed({ listen: on(second), oidc: oidcOf(away) }),
  };
  await away.close();
  browser = await startBrowser();
}, 600_000);
afterAll(async () => {
  await browser.close();
  await Promise.all(Object.values(beds).map((bed) => bed.close()));
  await provider.close();
});

const open = async (bed: ControlBed, view = '/'): Promise<Page> => {
  const { page } = await openPage(browser, bed.url, view);
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  return page;
};

/** Goes to the provider by the button, and says there who one is. */
async function signInAs(page: Page, login: string, groups: string[]): Promise<void> {
  provider.groups.set(login, groups);
  await page.getByRole('link', { name: BUTTON }).click();
  await page.waitForURL((url) => url.origin === provider.issuer);
  await page.locator('[name="login"]').fill(login);
  await page.locator('[name="password"]').fill('any');
  await page.locator('[type="submit"]').click();
  await page.waitForURL((url) => url.pathname.startsWith('/interaction/'));
  await page.locator('form [type="submit"]').click();
}

describe('the sign-in of the page', () => {
  it('offers the ways that there are, and no other', async () => {
    const offers = async (bed: ControlBed): Promise<[number, number]> => {
      const page = await open(bed);
      const [link, field] = [page.getByRole('link', { name: BUTTON }), page.getByLabel(/^Your token/)];
      const found: [number, number] = [await link.count(), await field.count()];
      await page.context().close();
      return found;
    };
    expect(await offers(beds.oidc)).toEqual([1, 0]);
    expect(await offers(beds.both)).toEqual([1, 1]);
    expect(await offers(beds.token)).toEqual([0, 1]);
  });

  it('leads over the provider back to the view that somebody wanted, under their name and role', async () => {
    const page = await open(beds.oidc, '/migrations/catalog');
    await signInAs(page, 'ada', ['staff', 'ops']);
    await untilLive(page);
    await page.getByRole('heading', { level: 1, name: 'catalog' }).waitFor();
    await page.getByText('ada@example.com').first().waitFor();
    await page.locator('.head').getByRole('button').first().click();
    // Only who may order is asked for a reason.
    await page
      .getByRole('dialog')
      .getByLabel(/^Reason/)
      .waitFor();
    await page.context().close();
  });

  it('tells who has no role here why they are sent back', async () => {
    const page = await open(beds.oidc);
    await signInAs(page, 'eve', ['guests']);
    await page.getByRole('alert').getByText('none of your groups gives you a role here').waitFor();
    await page.context().close();
  });

  it('says on the page when the provider is away', async () => {
    const page = await open(beds.away);
    await page.getByRole('link', { name: BUTTON }).click();
    await page.getByRole('alert').getByText('The provider cannot be asked now').waitFor();
    await page.context().close();
  });
});
