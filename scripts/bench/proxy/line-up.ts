import {
  express,
  expressAlike,
  haproxy,
  haproxyAlike,
  nginx,
  nginxAlike,
  strangler,
  stranglers,
} from './contenders.ts';
import type { Contender } from './contenders.ts';
import type { Variant } from './strangler-proxy.ts';

const WATCHED = {
  metrics: { listen: '127.0.0.1:0' },
  accessLog: { to: '/dev/null', sample: 1 },
  rateLimits: [{ name: 'generous', requests: 1_000_000_000, per: '1h', by: 'address' }],
};

/** What nginx and HAProxy do in the same run besides proxying. */
const ALIKE = { metrics: WATCHED.metrics, accessLog: WATCHED.accessLog };

type Setup = Partial<Omit<Variant, 'upstream'>>;

const onLane = (fastLane: boolean, { proxy, ...variant }: Setup): Setup => ({
  ...variant,
  proxy: { ...proxy, fastLane },
});
const fast = (name: string, setup: Setup): Contender => strangler(`fast lane, ${name}`, onLane(true, setup));
const general = (name: string, setup: Setup = {}): Contender =>
  strangler(`general lane, ${name}`, onLane(false, setup));

/** Everybody who can take part, each in one process unless it says otherwise. */
export const CONTENDERS: readonly Contender[] = [
  express,
  expressAlike,
  nginx,
  nginxAlike,
  haproxy,
  haproxyAlike,
  fast('canary, metrics, log', { stage: 'canary', proxy: ALIKE }),
  stranglers('fast lane, canary, metrics, log', 2, onLane(true, { stage: 'canary', proxy: ALIKE })),
  fast('canary', { stage: 'canary' }),
  fast('shadow on every read', { stage: 'shadow', shadow: 100, proxy: ALIKE }),
  general('no migration under way'),
  general('canary', { stage: 'canary' }),
  general('canary, metrics, log', { stage: 'canary', proxy: ALIKE }),
  general('canary, metrics, log, rate limit', { stage: 'canary', proxy: WATCHED }),
  general('shadow on every read', { stage: 'shadow', shadow: 100 }),
  general('10 routes', { routes: 10 }),
  general('1,000 routes', { routes: 1000 }),
  general('10,000 routes', { routes: 10_000 }),
];
