import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { components } from '../../proxy/control/api.gen.ts';
import { RunningShop } from '../testing/running-shop.ts';

type Schemas = components['schemas'];

const ADA = 'the-secret-of-ada-lovelace';
const WALL = 'a-screen-on-the-wall';

let shop: RunningShop;
beforeAll(async () => {
  shop = await RunningShop.start(2000);
  // The test bed's own questions go without a token, so this is the one that everybody on loopback may use.
  await shop.up();
  await shop.move('sync', 'catalog');
  await shop.move('shadow', 'catalog');
}, 180_000);
afterAll(() => shop.close());

const at = (path: string) => `http://${shop.env.CONTROL_LISTEN}${path}`;
const read = async <T>(path: string): Promise<T> => (await (await fetch(at(path))).json()) as T;
const order = (body: object, key: string) =>
  fetch(at('/v1/migrations/catalog/moves'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key, 'x-strangler-actor': 'ada@desk' },
    body: JSON.stringify(body),
  });
const CUTOVER = {
  verb: 'cutover',
  override: ['verify', 'shadow', 'contract', 'reverse proven'],
  reason: 'a test',
};

/** Collects what the stream says, until it is told to stop. */
async function listen(): Promise<{ said: () => { event: string; data: unknown }[]; stop: () => void }> {
  const [response] = (await once(get(at('/v1/events?routes=none')), 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const said = () =>
    text.split('\n\n').flatMap((frame) => {
      const [, event = '', data = ''] = /^id: .*\nevent: (\w+)\ndata: (.*)$/.exec(frame) ?? [];
      return event === '' ? [] : [{ event, data: JSON.parse(data) as unknown }];
    });
  return { said, stop: () => response.destroy() };
}

describe('a change of owner, by the control API of the running product', () => {
  it('shows each step as it is taken with the time that writes wait, the journal, and afterwards how it went', async () => {
    const { said, stop } = await listen();
    const answer = await order(CUTOVER, 'cut-1');
    expect([answer.status, await answer.json()]).toMatchObject([200, { done: true, to: 'extracted' }]);
    stop();
    const steps = said().flatMap(({ event, data }) =>
      event === 'step' ? [data as Schemas['ChangeStep']] : [],
    );
    expect(steps.filter(({ state }) => state !== 'begun').map(({ step, state }) => [step, state])).toEqual(
      [
        ...['journal-started', 'await-held', 'raise-fence', 'drain', 'settle'],
        ...['journal-owner-changed', 'open', 'journal-released'],
      ].map((step) => [step, 'done']),
    );
    const waits = steps.map(({ writesWaitMs }) => writesWaitMs);
    expect(waits[0]).toBeNull();
    expect(waits.slice(1)).toEqual(waits.slice(1).toSorted((a, b) => Number(a) - Number(b)));
    const kinds = said().flatMap(({ event, data }) =>
      event === 'journal' ? [(data as Schemas['JournalEntry']).kind] : [],
    );
    expect(kinds).toEqual(['cutover-started', 'owner-changed', 'writes-released']);
    const last = await read<Schemas['LastChange']>('/v1/migrations/catalog/moves/last');
    expect(last).toMatchObject({ verb: 'cutover', by: 'ada@desk', result: 'done' });
    expect(last.steps.map(({ step }) => step)).toEqual(
      steps.filter(({ state }) => state !== 'begun').map(({ step }) => step),
    );
  }, 60_000);

  it('is not done twice under one key, also after a restart of everything', async () => {
    const before = await read<Schemas['JournalEntry'][]>('/v1/journal?migration=catalog');
    await shop.killProduct();
    await shop.up();
    const again = await order(CUTOVER, 'cut-1');
    expect([again.status, again.headers.get('idempotency-replayed'), await again.json()]).toMatchObject([
      200,
      'true',
      { done: true, to: 'extracted' },
    ]);
    const [, other] = [await order(CUTOVER, 'cut-2'), await order({ ...CUTOVER, reason: 'other' }, 'cut-1')];
    expect([other.status, ((await other.json()) as { code: string }).code]).toEqual([422, 'key-reused']);
    const newest = before.at(-1)?.seq ?? 0;
    expect(await read(`/v1/journal?migration=catalog&after=${newest}`)).toEqual([]);
  }, 120_000);

  it('gives the newest entries of the journal alone to who wants no more', async () => {
    const [one, ...none] = await read<Schemas['JournalEntry'][]>('/v1/journal?limit=1');
    expect([one?.kind, none]).toEqual(['writes-released', []]);
  });
});

describe('who asks for what, in the running product', () => {
  const products = async (): Promise<Schemas['RouteUse'] | undefined> =>
    (await read<Schemas['RoutesUse']>('/v1/routes')).routes.find(({ id }) =>
      /GET \/api\/products, reads/.test(id),
    );
  const requestsOf = (use: Schemas['RouteUse'] | undefined): number =>
    (use?.requests.monolith ?? 0) + (use?.requests.service ?? 0);
  const until = async <T>(look: () => Promise<T>, fits: (found: T) => boolean): Promise<T> => {
    const giveUpAt = Date.now() + 30_000;
    for (;;) {
      const found = await look();
      if (fits(found)) return found;
      if (Date.now() > giveUpAt) throw new Error(`it never fitted: ${JSON.stringify(found)}`);
    }
  };

  it('is counted by route, goes on after a restart, and tells routes that nobody calls', async () => {
    const before = requestsOf(await products());
    for (let i = 0; i < 5; i += 1) expect((await fetch(`${shop.proxyUrl}/api/products`)).status).toBe(200);
    await fetch(`${shop.proxyUrl}/no/such/4711`);
    await until(products, (use) => requestsOf(use) === before + 5);
    await shop.killProduct();
    await shop.up();
    const { routes, unmatched } = await read<Schemas['RoutesUse']>('/v1/routes');
    const use = routes.find(({ id }) => /GET \/api\/products, reads/.test(id));
    expect(use).toMatchObject({ migration: 'catalog', stage: 'extracted', answeredBy: 'service' });
    expect([requestsOf(use), use?.requests.service]).toEqual([before + 5, 5]);
    expect(Date.now() - Date.parse(use?.lastSeen ?? '')).toBeLessThan(60_000);
    expect(routes.filter(({ lastSeen }) => lastSeen === null).length).toBeGreaterThan(0);
    for (const { countedSince } of routes) expect(countedSince).not.toBeNull();
    expect(unmatched).toMatchObject([{ method: 'GET', path: '/no/such/{…}', requests: 1 }]);
    const later = new Date(Date.now() + 60_000).toISOString();
    expect(await read(`/v1/routes?usedAfter=${later}`)).toMatchObject({ routes: [], unmatched: [] });
  }, 120_000);

  it('shows both sides beside each other, and how much the services have taken over', async () => {
    for (let i = 0; i < 5; i += 1) await fetch(`${shop.proxyUrl}/api/products`);
    const look = () => read<Schemas['MigrationTraffic']>('/v1/migrations/catalog/traffic');
    const { now } = await until(
      look,
      ({ now: { service }, points }) => service.reads.perSecond > 0 && points.length > 0,
    );
    expect(now.service.reads).toMatchObject({
      failedPercent: 0,
      p50: expect.any(Number),
      p99: expect.any(Number),
    });
    expect(now.monolith.reads).toEqual({ perSecond: 0, failedPercent: null, p50: null, p99: null });
    const { points } = await read<Schemas['Progress']>('/v1/progress');
    const newest = points.at(-1);
    const { routes } = await read<Schemas['RoutesUse']>('/v1/routes');
    const ofMigrations = routes.filter(({ migration }) => migration !== null);
    const moved = ofMigrations.filter(({ migration }) => migration === 'catalog');
    expect(newest?.routes).toEqual({ service: moved.length, total: ofMigrations.length });
    expect(points.reduce((sum, { requests }) => sum + requests.service, 0)).toBeGreaterThan(0);
  }, 60_000);
});

describe('tokens with names, in the running product', () => {
  it('let a viewer look and an operator move, under the name of the token', async () => {
    await shop.killProduct();
    Object.assign(shop.env, { STRANGLER_TOKENS: `ada:operator:${ADA} wall:viewer:${WALL}` });
    await shop.up();
    expect((await fetch(at('/v1/migrations'))).status).toBe(401);
    shop.env.STRANGLER_TOKEN = WALL;
    expect((await shop.strangler('status')).code).toBe(0);
    expect(await shop.strangler('rollback', 'catalog')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/wall may look, and not change anything/),
    });
    shop.env.STRANGLER_TOKEN = ADA;
    await shop.move('rollback', 'catalog', '--override', 'health', '--reason', 'a test');
    const { out } = await shop.strangler('log', 'catalog', '-o', 'json');
    const newest = (JSON.parse(out) as Schemas['JournalEntry'][]).at(-1);
    expect(newest?.actor).toBe('ada');
  }, 120_000);
});
