import type { Capability } from '../../migrations/lifecycle/capability.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { lookOnce, QUIET } from '../../migrations/lifecycle/quiet.ts';
import type { QuietRecord } from '../../migrations/lifecycle/quiet.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import { trafficReports } from './traffic.ts';

const EVERY_MS = 5000;

export interface QuietParts {
  store: Pick<ControlStore, 'reports' | 'report' | 'now'>;
  journal: Pick<JournalFollower, 'states'>;
  /** Read anew each time: the configuration may change. */
  capabilities: { readonly byName: ReadonlyMap<string, Capability> };
}

/** Looks what the monolith still gets of migrations that have left it, and keeps it in the store. */
export async function lookAround({ store, journal, capabilities }: QuietParts): Promise<void> {
  const extracted = [...journal.states.values()].filter(({ stage }) => stage === 'extracted');
  if (extracted.length === 0) return;
  const [traffic, records, now] = await Promise.all([
    store.reports('traffic:'),
    store.reports(QUIET),
    store.now(),
  ]);
  for (const { migration, epoch } of extracted) {
    const capability = capabilities.byName.get(migration);
    if (!capability) continue;
    const requests = Object.fromEntries(
      [...traffic].map(([name, report]) => {
        const [{ stats } = { stats: null }] = trafficReports(new Map([[name, report]]));
        return [name, stats?.migrations[migration]?.monolith.requests ?? 0];
      }),
    );
    const refused = (await capability.databases?.monolith.refusedWrites(migration).catch(() => null)) ?? null;
    const before = (records.get(QUIET + migration)?.value as QuietRecord | undefined) ?? null;
    const next = lookOnce(before, { epoch, requests, refused }, new Date(now).toISOString());
    await store.report(QUIET + migration, next);
  }
}

/** Does so now and then where this process leads; returns the way to stop. */
export function keepLookingAround(parts: QuietParts, isLeading: () => boolean): () => void {
  let isLooking = false;
  const look = (): void => {
    if (isLooking || !isLeading()) return;
    isLooking = true;
    // A store that is away is asked again; the counts grow without us.
    void lookAround(parts)
      .catch(() => undefined)
      .finally(() => (isLooking = false));
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return () => clearInterval(timer);
}
