import type { LaneCounts } from '../lanes.ts';
import { counter, type Family } from './family.ts';

/** Which way requests went through this proxy. */
export function laneFamilies({ fast, general, handedOver }: LaneCounts): Family[] {
  return [
    counter('strangler_lane_requests_total', 'Requests that came over a lane, refused ones too.', [
      { labels: { lane: 'fast' }, value: fast },
      { labels: { lane: 'general' }, value: general },
    ]),
    counter(
      'strangler_lane_handed_over_total',
      'Connections that the fast lane handed over to the general one.',
      [...handedOver].map(([reason, value]) => ({ labels: { reason }, value })),
    ),
  ];
}
