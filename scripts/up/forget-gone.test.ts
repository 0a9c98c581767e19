import { afterEach, beforeEach, expect, describe, it } from '@jest/globals';
import { newMigration } from '../../migrations/lifecycle/fold.ts';
import { ControlStore } from '../../migrations/lifecycle/store.ts';
import { createDatabase } from '../../migrations/testing/two-databases.ts';
import { forgetGone } from './forget-gone.ts';

const SINCE = '2026-01-02T03:00:00.000Z';
const journal = {
  state: (name: string) => ({ ...newMigration(name), stage: 'shadow' as const, shadowSince: SINCE }),
};

let store: ControlStore;
beforeEach(async () => {
  store = await ControlStore.open(await createDatabase(''));
});
afterEach(() => store.close());

async function reported(proxy: string, since: string | null, ago: string): Promise<void> {
  const shadow = since && { basis: `${since} rules` };
  await store.report(`traffic:${proxy}`, { migrations: { catalog: { shadow } } });
  await store.report(`shadow:${proxy}`, { catalog: { basis: `${since} rules`, operations: {} } });
  await store.renewLease(proxy, 0, 0);
  await store.query(`UPDATE strangler_control.report SET at = at - $1::interval WHERE name IN ($2, $3)`, [
    ago,
    `traffic:${proxy}`,
    `shadow:${proxy}`,
  ]);
  await store.query(
    'UPDATE strangler_control.proxy SET lease_until = lease_until - $1::interval WHERE id = $2',
    [ago, proxy],
  );
}

describe('what proxies left behind that are gone', () => {
  it('is removed after a day, except for evidence that still counts', async () => {
    await reported('gone', null, '2 days');
    await reported('outdated', '2025-01-01T00:00:00.000Z', '2 days');
    await reported('evidence', SINCE, '2 days');
    await reported('lately', null, '2 hours');
    await store.report('verify:catalog', {});
    await forgetGone(store, journal);
    expect([...(await store.reports()).keys()].sort()).toEqual([
      'traffic:evidence',
      'traffic:lately',
      'verify:catalog',
    ]);
    expect([...(await store.reports('shadow:')).keys()].sort()).toEqual(['shadow:evidence', 'shadow:lately']);
    expect(await store.query('SELECT id FROM strangler_control.proxy')).toEqual([{ id: 'lately' }]);
  });
});
