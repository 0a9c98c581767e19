import type { BackgroundVerify } from '../../migrations/lifecycle/background-verify.ts';
import type { Coordinator, MoveResult, Order } from '../../migrations/lifecycle/coordinator.ts';
import { JournalForkedError } from '../../migrations/lifecycle/errors.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { TrafficGuard } from '../../migrations/lifecycle/guard-traffic.ts';
import type { RampStep } from '../../migrations/lifecycle/ramp.ts';
import { rampStepInWords } from '../../migrations/lifecycle/ramp.ts';
import { startVerify } from '../../migrations/lifecycle/run-verify.ts';
import { firstBrokenEntry } from '../../migrations/lifecycle/journal.ts';
import type { ControlStore, Report } from '../../migrations/lifecycle/store.ts';
import { ControlError } from '../../proxy/control/lifecycle.ts';
import type {
  Actor,
  Differences,
  JournalCheck,
  JournalEntry,
  Lifecycle,
  MigrationStatus,
  MoveOutcome,
  MoveRequest,
  MoveUnderWay,
  Plan,
  PlanRequest,
  VerifyRequest,
} from '../../proxy/control/lifecycle.ts';
import type {
  PageRequest,
  ParkedPage,
  ParkedRows,
  RetryOutcome,
  RetryRequest,
  RowKey,
  SkipActor,
  SkipOutcome,
} from '../../proxy/control/parking.ts';
import type { ContractReport } from '../../proxy/control/contracts.ts';
import type { Certificate, GuardRemoval, KeyRemoval } from '../../proxy/control/retirement.ts';
import type { MigrationTraffic, Progress, ProgressQuery, RoutesUse } from '../../proxy/control/usage.ts';
import type { Happening, LastChange } from '../../proxy/control/happenings.ts';
import type { BackfillHold, BackfillOrder, FoundDifferences } from '../../proxy/control/sync-orders.ts';
import type { IgnoreOrder, IgnoreOutcome } from '../../proxy/control/ignoring.ts';
import type { Explanation, Question } from '../../proxy/data-plane/explain.ts';
import type { RouteTable } from '../../proxy/routes/table.ts';
import type { Config } from '../config/read.ts';
import { toControlError } from './control-error.ts';
import type { ShadowEvidence } from './shadow-evidence.ts';
import { explainFrom } from './explain.ts';
import { ignoreField } from './ignoring.ts';
import { HappeningsOf } from './happenings.ts';
import { toApiEntry } from './journal-entry.ts';
import { ParkedChangesOf } from './parking.ts';
import { RetirementOf } from './retirement.ts';
import { statusOf } from './status.ts';
import { TrafficHistory } from './traffic-history.ts';
import { progressOf, routesUse } from './usage.ts';
import { SyncOrdersOf } from './sync-orders.ts';
import type { TrafficReport } from './traffic.ts';
import { trafficReports } from './traffic.ts';
import { GateWatch } from './watch-gates.ts';

const TICK_MS = 500;

export interface LifecycleParts {
  config: Config;
  table: RouteTable;
  store: ControlStore;
  journal: JournalFollower;
  coordinator: Coordinator;
  shadow: ShadowEvidence;
  guard: TrafficGuard;
  background: BackgroundVerify;
}

/** The lifecycle as the control API wants it: the coordinator's words turned into the API's. */
export class WiredLifecycle implements Lifecycle {
  private parts: LifecycleParts;
  private names: readonly string[];
  private readonly gates: GateWatch;
  private readonly verifying = new Set<string>();
  private readonly parking: ParkedChangesOf;
  private readonly syncOrders: SyncOrdersOf;
  private readonly retirement: RetirementOf;
  private readonly happenings: HappeningsOf;
  private readonly history: TrafficHistory;

  constructor(parts: LifecycleParts) {
    this.parts = parts;
    this.parking = new ParkedChangesOf(parts);
    this.syncOrders = new SyncOrdersOf(parts);
    this.retirement = new RetirementOf(parts);
    this.happenings = new HappeningsOf(parts);
    this.names = Object.keys(parts.config.migrations);
    this.history = new TrafficHistory(parts.store, this.names);
    this.gates = new GateWatch(parts.coordinator, parts.journal, this.names);
  }

  /** Shows and judges by the new configuration from now on. */
  reconfigure(config: Config, table: RouteTable): void {
    this.parts = { ...this.parts, config, table };
    this.names = Object.keys(config.migrations);
    this.gates.watch(this.names);
    this.history.watch(this.names);
  }

  close(): void {
    this.gates.close();
    this.history.close();
  }

  status(): Promise<MigrationStatus[]> {
    return this.guarded('', async () => {
      const { store } = this.parts;
      const reports = await store.reports();
      const traffic = trafficReports(reports);
      this.gates.isWatched();
      return this.names.map((name) => this.statusOf(name, reports, traffic));
    });
  }

  plan(migration: string, request: PlanRequest): Promise<Plan> {
    return this.guarded(migration, async () => {
      const { verb = null, ramp, weight = null, override = [] } = request;
      const first = ramp ? this.rampOf(migration)[0]?.weight : undefined;
      const options = { override, weight: first ?? weight };
      const plan = await this.parts.coordinator.plan(migration, verb, options);
      return ramp ? { ...plan, steps: [...plan.steps, ...this.rampInWords(migration)] } : plan;
    });
  }

  move(migration: string, request: MoveRequest, { name, reason }: Actor): Promise<MoveOutcome> {
    return this.guarded(migration, async () => {
      const { verb, override = [] } = request;
      const { keepGuard = false } = request;
      const share = this.shareOf(migration, request);
      const order = { verb, ...share, actor: name, reason, override, keepGuard };
      const result = await this.parts.coordinator.move(migration, order);
      this.gates.refreshSoon();
      const outcome = finished(result);
      const { together = [migration] } = this.parts.coordinator.capability(migration);
      return verb === 'retire' ? this.retirement.certify(outcome, together) : outcome;
    });
  }

  verify(migration: string, request: VerifyRequest, { name, reason }: Actor): Promise<void> {
    return this.guarded(migration, async () => {
      const { coordinator, journal, store } = this.parts;
      const capability = coordinator.capability(migration);
      const state = journal.state(migration);
      if (this.verifying.has(migration) || state.change) {
        const what = state.change ? `"${state.change.verb}" is under way` : 'a verify is running already';
        throw new ControlError('move-under-way', `"${migration}": ${what}`);
      }
      this.verifying.add(migration);
      const resumeBackground = await this.parts.background.giveWay(migration);
      const end = (): void => {
        this.verifying.delete(migration);
        resumeBackground();
        this.gates.refreshSoon();
      };
      try {
        const { ended } = await startVerify(store, capability, state, { ...request, actor: name, reason });
        void ended.then(end, end);
      } catch (error) {
        end();
        throw error;
      }
    });
  }

  differences(migration: string): Promise<Differences> {
    return this.guarded(migration, () => {
      this.parts.coordinator.capability(migration);
      return this.parts.shadow.differences(migration);
    });
  }

  contract(migration: string): Promise<ContractReport> {
    return this.guarded(migration, async () => {
      const capability = this.parts.coordinator.capability(migration);
      const [documents, recorded] = await Promise.all([
        capability.compareContracts(),
        this.parts.shadow.recordedAnswers(migration),
      ]);
      const { contract: gate } = this.parts.config.migrations[migration]!.gates;
      return { migration, documents, recorded, gate };
    });
  }

  holdBackfill(migration: string, order: BackfillOrder, actor: Actor): Promise<BackfillHold> {
    return this.guarded(migration, () => this.syncOrders.holdBackfill(migration, order, actor));
  }

  ignoreField(migration: string, order: IgnoreOrder, actor: Actor): Promise<IgnoreOutcome> {
    return this.guarded(migration, () => ignoreField(this.parts, migration, order, actor));
  }

  found(migration: string): Promise<FoundDifferences> {
    return this.guarded(migration, () => this.syncOrders.found(migration));
  }

  parked(migration: string, page: PageRequest): Promise<ParkedPage> {
    return this.guarded(migration, () => this.parking.parked(migration, page));
  }

  parkedRows(migration: string, key: RowKey): Promise<ParkedRows> {
    return this.guarded(migration, () => this.parking.parkedRows(migration, key));
  }

  retry(migration: string, request: RetryRequest): Promise<RetryOutcome> {
    return this.guarded(migration, () => this.parking.retry(migration, request));
  }

  skip(migration: string, key: RowKey, actor: SkipActor): Promise<SkipOutcome> {
    return this.guarded(migration, () => this.parking.skip(migration, key, actor));
  }

  resume({ name }: Actor): Promise<MoveOutcome[]> {
    return this.guarded('', async () => (await this.parts.coordinator.resume(name)).map(withoutLate));
  }

  underWay(): Promise<MoveUnderWay[]> {
    return this.guarded('', () => this.parts.coordinator.underWay());
  }

  abort(migration: string, { name, reason }: Actor): Promise<MoveOutcome> {
    return this.guarded(migration, async () =>
      withoutLate(await this.parts.coordinator.abort(migration, name, reason ?? 'no reason given')),
    );
  }

  certificate(migration: string): Promise<Certificate> {
    return this.guarded(migration, () => this.retirement.certificate(migration));
  }

  forgetKeys(migration: string, actor: Actor): Promise<KeyRemoval> {
    return this.guarded(migration, () => this.retirement.forgetKeys(migration, actor));
  }

  dropGuard(migration: string, actor: Actor): Promise<GuardRemoval> {
    return this.guarded(migration, () => this.retirement.dropGuard(migration, actor));
  }

  log(migration?: string): Promise<JournalEntry[]> {
    return this.guarded(migration ?? '', async () => {
      const { coordinator, journal } = this.parts;
      if (migration !== undefined) coordinator.capability(migration);
      await journal.refresh();
      return journal.entries
        .filter((entry) => migration === undefined || entry.migration === migration)
        .map(toApiEntry);
    });
  }

  checkJournal(): Promise<JournalCheck> {
    return this.guarded('', async () => {
      const { journal, store } = this.parts;
      // That it has forked is a part of the answer here.
      await journal.refresh().catch((error: unknown) => {
        if (!(error instanceof JournalForkedError)) throw error;
      });
      const entries = await store.entries();
      const newest = entries.at(-1);
      const broken = firstBrokenEntry(entries);
      return {
        entries: entries.length,
        newest: newest ? { seq: newest.seq, hash: newest.hash } : null,
        broken: broken && { ...broken, entry: toApiEntry(broken.entry) },
        forked: journal.fork?.message ?? null,
      };
    });
  }

  explain(question: Question): Promise<Explanation> {
    return this.guarded('', () => explainFrom(this.parts, question));
  }

  routes(usedAfter: string | null): Promise<RoutesUse> {
    return this.guarded('', () => routesUse(this.parts, usedAfter));
  }

  progress(query: ProgressQuery): Promise<Progress> {
    return this.guarded('', () => progressOf(this.parts, query));
  }

  traffic(migration: string): Promise<MigrationTraffic> {
    return this.guarded(migration, () => {
      this.parts.coordinator.capability(migration);
      return this.history.of(migration);
    });
  }

  follow(told: (happening: Happening) => void): () => void {
    return this.happenings.follow(told);
  }

  lastChange(migration: string): Promise<LastChange> {
    return this.guarded(migration, () => this.happenings.lastChange(migration));
  }

  subscribe(changed: () => void): () => void {
    const stops = [this.parts.journal.subscribe(changed), this.parts.coordinator.subscribe(changed)];
    const tick = setInterval(changed, TICK_MS);
    return () => {
      clearInterval(tick);
      for (const stop of stops) stop();
    };
  }

  /** The share of reads that is asked for: a weight, or the first step of the ramp. */
  private shareOf(migration: string, { weight, ramp }: MoveRequest): Pick<Order, 'weight' | 'ramp'> {
    if (!ramp) return { weight: weight ?? 0 };
    const steps = this.rampOf(migration);
    return { weight: steps[0]?.weight ?? 0, ramp: { steps, at: 0 } };
  }

  private rampInWords(migration: string): string[] {
    const steps = this.rampOf(migration).map(rampStepInWords);
    return [`go up by itself as long as every guardrail holds: ${steps.join(', ')}`];
  }

  private rampOf(migration: string): readonly RampStep[] {
    this.parts.coordinator.capability(migration);
    const steps = this.parts.config.migrations[migration]?.ramp;
    if (steps) return steps;
    throw new ControlError(
      'bad-request',
      `"${migration}" has no ramp; add one to strangler.yaml, e.g. \`ramp: [1%, 5% for 10m, 25%, 100%]\``,
    );
  }

  private statusOf(
    name: string,
    reports: ReadonlyMap<string, Report>,
    traffic: readonly TrafficReport[],
  ): MigrationStatus {
    const { coordinator, guard, journal, table } = this.parts;
    const { service, pairs, thresholds, together = [name] } = coordinator.capability(name);
    return statusOf(
      journal.state(name),
      {
        service,
        together,
        hasTables: pairs.length > 0,
        shadowSamples: thresholds.shadowSamples,
        shadowMismatchPercent: thresholds.shadowMismatchPercent,
        shadow: this.parts.config.migrations[name]?.shadow ?? null,
        routes: table.routes.filter((route) => route.migration === name),
        reports,
        traffic,
        phase: coordinator.phaseOf(name),
        waitsFor: this.gates.waitsFor(name),
        guarded: guard.of(name),
        refusal: guard.refusalOf(name),
      },
      Date.now(),
    );
  }

  private async guarded<T>(migration: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toControlError(error, this.parts.config, migration);
    }
  }
}

function withoutLate({ late: _, ...outcome }: MoveResult): MoveOutcome {
  return outcome;
}

/** A move that was taken back is an error to whoever asked for it. */
function finished(result: MoveResult): MoveOutcome {
  if (result.done) return withoutLate(result);
  throw new ControlError(result.late ? 'timed-out' : 'failed', result.detail);
}
