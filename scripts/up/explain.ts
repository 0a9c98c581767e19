import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import { Arms } from '../../proxy/data-plane/canary/arms.ts';
import { UNASKED } from '../../proxy/data-plane/canary/freshness.ts';
import { explain, type Explanation, type Question } from '../../proxy/data-plane/explain.ts';
import type { RouteTable } from '../../proxy/routes/table.ts';
import type { Config } from '../config/read.ts';
import { cookieKeysOf } from './cookie-keys.ts';
import { fedMigrations, standingsOf } from './feed.ts';

export interface ExplainFrom {
  config: Config;
  table: RouteTable;
  store: ControlStore;
  journal: JournalFollower;
}

/** Explains a request on the newest journal, as a proxy with a live lease and this configuration would decide it. */
export async function explainFrom(from: ExplainFrom, question: Question): Promise<Explanation> {
  const { config, table, store, journal } = from;
  const cookieKeys = await cookieKeysOf(store, process.env);
  await journal.refresh();
  const standings = standingsOf(journal, fedMigrations(config));
  const lists = Object.entries(config.migrations).map(
    ([name, { canary }]) => [name, { canary, isSynced: false }] as const,
  );
  const newest = (): typeof standings => standings;
  const arms = new Arms(
    // Which arm a client belongs to does not depend on how far the sync is; `explain` says in words what does.
    { freshness: UNASKED, cookieKeys, newest, leaseIsLive: () => true },
    config.canary,
    Object.fromEntries(lists),
  );
  try {
    return explain({ table, standings, arms }, question);
  } finally {
    arms.close();
  }
}
