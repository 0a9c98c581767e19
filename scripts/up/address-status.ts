import type { AddressStatus } from '../../proxy/control/lifecycle.ts';
import type { SideHealth } from '../../proxy/data-plane/upstreams/pool.ts';
import type { TrafficReport } from './traffic.ts';

/** From the best to the worst. */
const STATES: readonly AddressStatus['state'][] = [
  'healthy',
  'unknown',
  'ejected',
  'unhealthy',
  'circuit open',
];

/** How the addresses of both sides of a migration fare. Where proxies differ, the one that thinks worst is believed. */
export function addressStatuses(service: string, traffic: readonly TrafficReport[]): AddressStatus[] {
  const worst = new Map<string, AddressStatus>();
  for (const { isLive, stats } of traffic) {
    if (!isLive) continue;
    const { monolith, services } = stats.upstreams;
    for (const status of [...statusesOf('monolith', monolith), ...statusesOf('service', services[service])]) {
      const key = `${status.side} ${status.address}`;
      const known = worst.get(key);
      if (!known || STATES.indexOf(status.state) > STATES.indexOf(known.state)) worst.set(key, status);
    }
  }
  return [...worst.values()].sort((a, b) => a.side.localeCompare(b.side));
}

function statusesOf(side: AddressStatus['side'], health: SideHealth | undefined): AddressStatus[] {
  const { addresses = [], circuit = null } = health ?? {};
  return addresses.map(({ address, state, since, lastError }) =>
    circuit?.state === 'open'
      ? { side, address, state: 'circuit open', since: circuit.since, lastError }
      : { side, address, state, since, lastError },
  );
}
