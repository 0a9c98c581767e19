import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ControlStore } from '../../migrations/lifecycle/store.ts';
import { createDatabase } from '../../migrations/testing/two-databases.ts';
import { cookieKeysOf } from './cookie-keys.ts';

let url: string;
let stores: ControlStore[];
beforeEach(async () => {
  url = await createDatabase('');
  stores = [await ControlStore.open(url), await ControlStore.open(url)];
});
afterEach(() => Promise.all(stores.map((store) => store.close())));

describe('the keys that sign cookies', () => {
  it('are one secret that all proxies of a control store share, though they ask at the same time', async () => {
    const keys = await Promise.all([...stores, ...stores].map((store) => cookieKeysOf(store, {})));
    expect(new Set(keys.flat()).size).toBe(1);
    expect(keys[0]?.[0].length).toBeGreaterThanOrEqual(43);
  });

  it('come from the environment where they are set, the old one after the new one', async () => {
    const [store] = stores;
    if (!store) throw new Error('there are two stores');
    const environment = {
      STRANGLER_COOKIE_SECRET: 'the new secret of 2026',
      STRANGLER_COOKIE_SECRET_PREVIOUS: 'the old secret of 2025',
    };
    expect(await cookieKeysOf(store, environment)).toEqual([
      'the new secret of 2026',
      'the old secret of 2025',
    ]);
  });

  it('are refused when anybody could guess them, without being shown', async () => {
    const [store] = stores;
    if (!store) throw new Error('there are two stores');
    await expect(cookieKeysOf(store, { STRANGLER_COOKIE_SECRET: 'hunter2' })).rejects.toThrow(
      /^STRANGLER_COOKIE_SECRET is too short to be a secret; give it at least 16 characters$/,
    );
  });
});
