import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../../migrations/databases/embedded.ts';
import { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { ControlStore } from '../../migrations/lifecycle/store.ts';
import { Follower } from '../../proxy/data-plane/hold/follow.ts';
import { RunningWrites } from '../../proxy/data-plane/hold/running-writes.ts';
import { JournalFeed } from '../up/feed.ts';

/**
 * How soon every proxy has taken a new entry of the journal and said so in the store: `node scripts/bench/epoch.ts`.
 * From the moment in which the entry is written to the one in which the slower of two proxies has acknowledged it.
 */
const MOVES = 200;
const MIGRATION = { name: 'catalog', isFenced: true };

const folder = await mkdtemp(join(tmpdir(), 'strangler-bench-'));
const server = await startEmbedded(folder);
const url = await server.database('bench');
const coordinator = await ControlStore.open(url);
const proxies = await Promise.all([openProxy(), openProxy()]);
try {
  const took: number[] = [];
  for (let weight = 1, last = 0; weight <= MOVES; weight += 1) {
    const decision = { kind: 'stage-changed', verb: 'canary', from: 'canary', to: 'canary', weight } as const;
    const news = { migration: 'catalog', decision, epoch: 0, actor: 'bench', reason: null, evidence: null };
    const { seq } = await coordinator.append(news, last);
    last = seq;
    const written = performance.now();
    await acknowledged(seq);
    took.push(performance.now() - written);
  }
  took.sort((a, b) => a - b);
  const at = (share: number): string => (took[Math.ceil(share * MOVES) - 1] ?? NaN).toFixed(1);
  process.stdout.write(
    `${MOVES} entries, two proxies: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms\n`,
  );
} finally {
  await Promise.all(proxies.map((close) => close()));
  await coordinator.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function openProxy(): Promise<() => Promise<void>> {
  const store = await ControlStore.open(url);
  const journal = await JournalFollower.start(store);
  const feed = await JournalFeed.start(store, journal, [MIGRATION]);
  const follower = new Follower(feed, new RunningWrites());
  feed.subscribe((standings) => follower.follow(standings));
  return async () => {
    await feed.close();
    await journal.close();
    await store.close();
  };
}

async function acknowledged(seq: number): Promise<void> {
  const giveUpAt = Date.now() + 10_000;
  for (;;) {
    const live = await coordinator.liveProxies();
    if (live.length === proxies.length && live.every(({ acked }) => acked >= seq)) return;
    if (Date.now() > giveUpAt) throw new Error(`entry ${seq} was not acknowledged: ${JSON.stringify(live)}`);
  }
}
