import { expect, it } from '@jest/globals';
import type { SideHealth } from '../../proxy/data-plane/upstreams/pool.ts';
import { addressStatuses } from './address-status.ts';
import type { TrafficReport } from './traffic.ts';

const SINCE = '2026-01-02T03:04:05.000Z';
type States = Record<string, SideHealth['addresses'][number]['state']>;

const sideOf = (states: States, circuit: SideHealth['circuit'] = null): SideHealth => ({
  addresses: Object.entries(states).map(([address, state]) => ({
    address,
    state,
    since: SINCE,
    lastError: state === 'healthy' ? null : 'ECONNREFUSED',
    running: 0,
  })),
  circuit,
  running: 0,
  retried: 0,
  notRetried: 0,
  notAsked: 0,
  fellBack: 0,
});

/** What one proxy reports, of all that only its upstreams. */
const reported = (monolith: SideHealth, catalog: SideHealth, isLive = true): TrafficReport =>
  ({
    at: SINCE,
    isLive,
    stats: { upstreams: { monolith, services: { catalog, cart: sideOf({ 'cart:1': 'ejected' }) } } },
  }) as unknown as TrafficReport;

const briefly = (traffic: TrafficReport[]): string[] =>
  addressStatuses('catalog', traffic).map(({ side, address, state }) => `${side} ${address} ${state}`);

it('shows the addresses of the monolith and of the service of the migration, and no other', () => {
  const traffic = [reported(sideOf({ 'm:1': 'healthy' }), sideOf({ 'a:1': 'ejected', 'b:1': 'unknown' }))];
  expect(briefly(traffic)).toEqual(['monolith m:1 healthy', 'service a:1 ejected', 'service b:1 unknown']);
  expect(addressStatuses('catalog', traffic)[1]).toEqual({
    side: 'service',
    address: 'a:1',
    state: 'ejected',
    since: SINCE,
    lastError: 'ECONNREFUSED',
  });
});

it('believes the proxy that thinks worst of an address, unless that proxy is gone', () => {
  const well = reported(sideOf({ 'm:1': 'healthy' }), sideOf({ 'a:1': 'healthy' }));
  const ill = (isLive: boolean) =>
    reported(sideOf({ 'm:1': 'healthy' }), sideOf({ 'a:1': 'unhealthy' }), isLive);
  expect(briefly([well, ill(true), well])[1]).toBe('service a:1 unhealthy');
  expect(briefly([well, ill(false)])[1]).toBe('service a:1 healthy');
  expect(briefly([])).toEqual([]);
});

it('says that a circuit is open, whatever the addresses are like', () => {
  const open = sideOf({ 'a:1': 'healthy' }, { state: 'open', since: SINCE });
  expect(briefly([reported(sideOf({ 'm:1': 'healthy' }), open)])[1]).toBe('service a:1 circuit open');
});
