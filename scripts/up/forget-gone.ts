import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import { FINDINGS } from '../../migrations/lifecycle/store.ts';
import type { ProxyStats } from '../../proxy/data-plane/stats.ts';
import { isBasis } from './shadow-totals.ts';

const GONE_MS = 24 * 3_600_000;
const EVERY_MS = 3_600_000;
const TRAFFIC = 'traffic:';

/**
 * Removes what proxies reported that are gone for a day, and their leases: each start of a proxy leaves a name of its
 * own, all reports are read each second, and old examples may show what is a secret by now. Compared answers that
 * still count as evidence are kept, for as long as they do.
 */
export async function forgetGone(
  store: Pick<ControlStore, 'reports' | 'forgetGone'>,
  journal: Pick<JournalFollower, 'state'>,
): Promise<void> {
  const [traffic, findings] = await Promise.all([store.reports(TRAFFIC), store.reports(FINDINGS)]);
  const counts = (value: unknown): boolean =>
    Object.entries((value as ProxyStats).migrations).some(
      ([name, { shadow }]) => shadow && isBasis(shadow.basis, journal.state(name), null),
    );
  const kept = new Set(
    [...traffic.values()]
      .filter(({ value, ageMs }) => ageMs < GONE_MS || counts(value))
      .map(({ name }) => name.slice(TRAFFIC.length)),
  );
  const gone = [...traffic.keys()].filter((name) => !kept.has(name.slice(TRAFFIC.length)));
  const goneFindings = [...findings.keys()].filter((name) => !kept.has(name.slice(FINDINGS.length)));
  await store.forgetGone([...gone, ...goneFindings], GONE_MS);
}

/** Does so now and then where this process leads; returns the way to stop. */
export function keepForgetting(
  store: ControlStore,
  journal: JournalFollower,
  isLeading: () => boolean,
): () => void {
  const forget = (): void => {
    // A store that is away is asked again in an hour.
    if (isLeading()) void forgetGone(store, journal).catch(() => undefined);
  };
  forget();
  const timer = setInterval(forget, EVERY_MS);
  return () => clearInterval(timer);
}
