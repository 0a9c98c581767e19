import type { RefusedCounts } from '../../admit/admit.ts';
import type { SideHealth } from '../../upstreams/pool.ts';
import type { UpstreamsHealth } from '../../upstreams/upstreams.ts';
import { counter, gauge, type Family, type Sample } from './family.ts';

/** How the sides fare; `side` is `monolith` or the name of a service. */
export function sideFamilies({ monolith, services }: UpstreamsHealth): Family[] {
  const sides: [string, SideHealth][] = [['monolith', monolith], ...Object.entries(services)];
  const perSide = (value: (health: SideHealth) => number): Sample[] =>
    sides.map(([side, health]) => ({ labels: { side }, value: value(health) }));
  return [
    gauge(
      'strangler_upstream_address_usable',
      '1 while an address is well for all that is known, 0 while it is unhealthy or ejected.',
      sides.flatMap(([side, { addresses }]) =>
        addresses.map(({ address, state }) => ({
          labels: { side, address },
          value: state === 'healthy' || state === 'unknown' ? 1 : 0,
        })),
      ),
    ),
    gauge(
      'strangler_upstream_running_requests',
      'Requests that a side has not answered yet.',
      perSide(({ running }) => running),
    ),
    gauge(
      'strangler_upstream_circuit_open',
      '1 while requests are kept away from a side, but for a few that try it. Absent without a circuit breaker.',
      sides.flatMap(([side, { circuit }]) =>
        circuit ? [{ labels: { side }, value: circuit.state === 'closed' ? 0 : 1 }] : [],
      ),
    ),
    counter(
      'strangler_upstream_retries_total',
      'Requests that were sent to a side again.',
      perSide(({ retried }) => retried),
    ),
    counter(
      'strangler_upstream_retries_refused_total',
      'Requests that were not sent again because the budget was used up.',
      perSide(({ notRetried }) => notRetried),
    ),
    counter(
      'strangler_upstream_requests_not_asked_total',
      'Requests that were kept away from a side, by its circuit breaker or its limit.',
      perSide(({ notAsked }) => notAsked),
    ),
  ];
}

/** Who was turned away before anything was decided. */
export function doorFamilies({ rateLimited, unauthorized, forbidden, uncheckable }: RefusedCounts): Family[] {
  return [
    counter(
      'strangler_rate_limited_total',
      'Requests above a rate limit, by the name of the limit.',
      Object.entries(rateLimited).map(([limit, value]) => ({ labels: { limit }, value })),
    ),
    counter(
      'strangler_tokens_refused_total',
      'Requests whose token was not enough, by why.',
      Object.entries({ unauthorized, forbidden, uncheckable }).map(([reason, value]) => ({
        labels: { reason },
        value,
      })),
    ),
  ];
}
