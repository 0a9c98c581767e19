import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { ShadowCounts } from '../../migrations/lifecycle/shadow-verdict.ts';
import { verdictOf, verdictOfAll } from '../../migrations/lifecycle/shadow-verdict.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import { FINDINGS } from '../../migrations/lifecycle/store.ts';
import type { RecordedAnswers } from '../../proxy/control/contracts.ts';
import type {
  Differences,
  FieldDifferences,
  OperationDifferences,
  ShadowCounts as Counts,
} from '../../proxy/control/lifecycle.ts';
import type { RunningProxy } from '../../proxy/data-plane/server.ts';
import { mergeRecorded, recordedInWords } from './recorded.ts';
import type { OperationFindings } from '../../proxy/data-plane/shadow/findings.ts';
import type { ShadowFindings } from '../../proxy/data-plane/shadow/mirror.ts';
import type { ShadowSettings } from '../../proxy/data-plane/shadow/schema.ts';
import type { Route } from '../../proxy/routes/route.ts';
import { buildRouteTable } from '../../proxy/routes/table.ts';
import type { Config } from '../config/read.ts';
import { routesOf } from '../config/read.ts';
import { countsOf, isBasis, NONE, operationsOf, pickCounts, shadowTotals } from './shadow-totals.ts';
import type { ShadowTotals } from './shadow-totals.ts';
import { trafficReports } from './traffic.ts';

const MOST_EXAMPLES = 3;

/** Reports what a proxy found, with its examples, whenever there is something new. */
export function reportFindings(
  store: Pick<ControlStore, 'report'>,
  proxyId: string,
  proxy: Pick<RunningProxy, 'shadowFindings' | 'shadowRevision'>,
): () => Promise<void> {
  let reported = 0;
  return async () => {
    const revision = proxy.shadowRevision();
    if (revision === reported) return;
    try {
      await store.report(`${FINDINGS}${proxyId}`, proxy.shadowFindings());
      reported = revision;
    } catch {
      // The next report says it too.
    }
  };
}

/** What the proxies found, from the store, for gates and for people. */
export class ShadowEvidence {
  private readonly store: Pick<ControlStore, 'reports'>;
  private readonly journal: Pick<JournalFollower, 'state'>;
  private config: Config;
  private routes: readonly Route[];

  constructor(config: Config, store: Pick<ControlStore, 'reports'>, journal: Pick<JournalFollower, 'state'>) {
    this.store = store;
    this.journal = journal;
    this.config = config;
    this.routes = buildRouteTable(routesOf(config)).routes;
  }

  /** Judges by the new configuration from now on; what was compared by other rules does not count any more. */
  reconfigure(config: Config): void {
    this.config = config;
    this.routes = buildRouteTable(routesOf(config)).routes;
  }

  /** What the gate on the shadow judges. */
  async counts(migration: string): Promise<ShadowCounts> {
    return countsOf(await this.totals(migration), this.routesOf(migration));
  }

  /** Everything that was found about one migration; it must be in the configuration. */
  async differences(migration: string): Promise<Differences> {
    const { shadow, gates } = this.settings(migration);
    const state = this.journal.state(migration);
    const [totals, found] = await Promise.all([this.totals(migration), this.findings(state, shadow)]);
    const operations = operationsOf(this.routesOf(migration), Object.keys(totals?.operations ?? {})).map(
      (name) => operationDifferences(name, totals?.operations[name] ?? NONE, found, gates),
    );
    return {
      migration,
      since: state.shadowSince,
      verdict: verdictOfAll(countsOf(totals, this.routesOf(migration)), gates),
      ...pickCounts(totals ?? NONE),
      operations,
      ignored: [
        ...shadow.ignore.map((rule) => ({ ...rule, from: 'file' as const, by: null, at: null })),
        ...state.ignored.map(({ actor: by, path, reason, at }) => ({
          ...{ path, reason: reason ?? '', from: 'journal' as const, by, at },
        })),
      ],
    };
  }

  /** What the recorded answers of both sides do against their own documents. */
  async recordedAnswers(migration: string): Promise<RecordedAnswers> {
    const found = await this.findings(this.journal.state(migration), this.settings(migration).shadow);
    return mergeRecorded(found.flatMap(({ recorded }) => recorded ?? []));
  }

  /** The same, each in one line, as the gate on contracts shows it. */
  async recorded(migration: string): Promise<string[]> {
    return (await this.recordedAnswers(migration)).violations.map(recordedInWords);
  }

  private async totals(migration: string): Promise<ShadowTotals | null> {
    const traffic = trafficReports(await this.store.reports('traffic:'));
    return shadowTotals(traffic, this.journal.state(migration), this.settings(migration).shadow);
  }

  private async findings(state: MigrationState, settings: ShadowSettings): Promise<ShadowFindings[]> {
    const reports = [...(await this.store.reports(FINDINGS)).values()];
    return reports
      .flatMap(({ value }) => (value as Record<string, ShadowFindings>)[state.migration] ?? [])
      .filter(({ basis }) => isBasis(basis, state, settings));
  }

  private settings(migration: string): Config['migrations'][string] {
    const settings = this.config.migrations[migration];
    if (!settings) throw new Error(`the configuration has no migration "${migration}"`);
    return settings;
  }

  private routesOf(migration: string): Route[] {
    return this.routes.filter((route) => route.migration === migration);
  }
}

function operationDifferences(
  operation: string,
  counts: Counts,
  found: readonly ShadowFindings[],
  gates: Config['migrations'][string]['gates'],
): OperationDifferences {
  const own = found.flatMap(({ operations }) => operations[operation] ?? []);
  return {
    operation,
    verdict: counts.compared === 0 ? 'no data' : verdictOf(counts, gates),
    ...counts,
    fields: mergeFields(own, counts.compared),
    unlisted: own.reduce((total, { unlisted }) => total + unlisted, 0),
    noise: mergeNoise(own),
  };
}

function mergeFields(found: readonly OperationFindings[], compared: number): FieldDifferences[] {
  const merged = new Map<string, FieldDifferences>();
  for (const field of found.flatMap(({ fields }) => fields)) {
    const known = merged.get(field.field);
    merged.set(field.field, {
      ...field,
      count: (known?.count ?? 0) + field.count,
      percent: 0,
      first: known && known.first < field.first ? known.first : field.first,
      last: known && known.last > field.last ? known.last : field.last,
      examples: [...(known?.examples ?? []), ...field.examples].slice(0, MOST_EXAMPLES),
    });
  }
  return [...merged.values()]
    .map((field) => ({ ...field, percent: compared === 0 ? 0 : (field.count / compared) * 100 }))
    .toSorted((a, b) => b.count - a.count || (a.field < b.field ? -1 : 1));
}

function mergeNoise(found: readonly OperationFindings[]): OperationDifferences['noise'] {
  const merged = new Map<string, number>();
  for (const { field, excused } of found.flatMap(({ noise }) => noise)) {
    merged.set(field, (merged.get(field) ?? 0) + excused);
  }
  return [...merged].map(([field, excused]) => ({ field, excused }));
}
