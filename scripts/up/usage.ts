import {
  addUse,
  countFromNow,
  readUnmatched,
  readUse,
  type KeptRouteUse,
} from '../../migrations/lifecycle/keep-usage.ts';
import { progressNow, readProgress } from '../../migrations/lifecycle/keep-progress.ts';
import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { Progress, ProgressQuery, RoutesUse, RouteUse } from '../../proxy/control/usage.ts';
import { routeUseId, type UsageReport } from '../../proxy/data-plane/observe/usage.ts';
import type { Route } from '../../proxy/routes/route.ts';
import type { RouteTable } from '../../proxy/routes/table.ts';
import { progressPoints } from './progress-points.ts';
import { routeStatuses } from './status.ts';

interface Parts {
  store: ControlStore;
  journal: JournalFollower;
  table: RouteTable;
}

/** Every route with what was counted of it, and what no route claims. */
export async function routesUse(
  { store, journal, table }: Parts,
  usedAfter: string | null,
): Promise<RoutesUse> {
  const [use, unmatched] = await Promise.all([readUse(store), readUnmatched(store)]);
  const isUsed = (lastSeen: string | null): boolean =>
    usedAfter === null || (lastSeen !== null && Date.parse(lastSeen) > Date.parse(usedAfter));
  return {
    at: new Date().toISOString(),
    routes: table.routes
      .flatMap((route) => usesOf(route, journal.state(route.migration), use))
      .filter(({ lastSeen }) => isUsed(lastSeen)),
    unmatched: unmatched.filter(({ lastSeen }) => isUsed(lastSeen)),
  };
}

function usesOf(route: Route, state: MigrationState, use: ReadonlyMap<string, KeptRouteUse>): RouteUse[] {
  return routeStatuses(state, route).map((status) => {
    const id = routeUseId(route, status.readsOrWrites);
    const { monolith = 0, service = 0, lastSeen = null, countedSince = null } = use.get(id) ?? {};
    return {
      ...{ id, ...status, migration: route.migration, service: route.service, stage: state.stage },
      ...{ requests: { monolith, service }, lastSeen, countedSince },
    };
  });
}

/** What the services have taken over, over time. */
export async function progressOf(parts: Parts, { since, points }: ProgressQuery): Promise<Progress> {
  const share = routeShare(parts);
  const [kept, now] = await Promise.all([readProgress(parts.store, since), progressNow(parts.store, share)]);
  return { points: progressPoints([...kept, now], points) };
}

/** How many routes there are, and how many of them the services answer; one whose reads are shared counts for its part. */
export function routeShare({ journal, table }: Pick<Parts, 'journal' | 'table'>): {
  total: number;
  service: number;
} {
  const shares = table.routes.flatMap((route) => {
    const state = journal.state(route.migration);
    return routeStatuses(state, route).map(({ readsOrWrites }) => shareOf(state, readsOrWrites));
  });
  return { total: shares.length, service: shares.reduce((sum, share) => sum + share, 0) };
}

function shareOf({ owner, stage, weight }: MigrationState, kind: 'reads' | 'writes'): number {
  if (owner === 'service') return 1;
  return stage === 'canary' && kind === 'reads' ? weight / 100 : 0;
}

/** From now on, that nobody asks for a route says something. */
export async function countRoutes(store: ControlStore, table: RouteTable): Promise<void> {
  const kinds = ['reads', 'writes'] as const;
  await countFromNow(
    store,
    table.routes.flatMap((route) =>
      kinds.map((kind) => ({ id: routeUseId(route, kind), migration: route.migration })),
    ),
  );
}

/** Tells the store what the proxy counted; what it cannot tell now, it tells the next time. */
export class UsageTeller {
  readonly #store: ControlStore;
  readonly #take: () => UsageReport;
  #untold: UsageReport[] = [];
  #telling: Promise<void> = Promise.resolve();

  constructor(store: ControlStore, take: () => UsageReport) {
    this.#store = store;
    this.#take = take;
  }

  /** One after the other: a slow store is not asked more often than it answers. */
  tell(): Promise<void> {
    this.#telling = this.#telling.then(() => this.#tellAll());
    return this.#telling;
  }

  async #tellAll(): Promise<void> {
    const report = this.#take();
    if (!isEmpty(report)) this.#untold.push(report);
    // A store that is away for long costs counts, and no memory.
    this.#untold = this.#untold.slice(-UNTOLD_KEPT);
    while (this.#untold[0]) {
      const told = await addUse(this.#store, this.#untold[0]).then(
        () => true,
        () => false,
      );
      if (!told) return;
      this.#untold.shift();
    }
  }
}

const UNTOLD_KEPT = 60;

const isEmpty = ({ routes, unmatched, unclaimed }: UsageReport): boolean =>
  routes.length + unmatched.length + unclaimed.reads + unclaimed.writes === 0;
