import type { Explanation, Question } from '../../data-plane/explain.ts';
import {
  ControlError,
  type Actor,
  type Differences,
  type JournalCheck,
  type JournalEntry,
  type Lifecycle,
  type MigrationStatus,
  type MoveOutcome,
  type MoveRequest,
  type MoveUnderWay,
  type Plan,
  type PlanRequest,
  type VerifyRequest,
} from '../lifecycle.ts';
import type {
  PageRequest,
  ParkedKey,
  ParkedPage,
  ParkedRow,
  ParkedRows,
  RetryOutcome,
  RetryRequest,
  RowKey,
  SkipActor,
  SkipOutcome,
} from '../parking.ts';
import type { ChangeStep, Happening, LastChange } from '../happenings.ts';
import type { IgnoredPath, IgnoreOrder, IgnoreOutcome } from '../ignoring.ts';
import type { MigrationTraffic, Progress, RoutesUse } from '../usage.ts';
import type { ContractReport } from '../contracts.ts';
import {
  CERTIFICATE,
  CONTRACT,
  DIFFERENCES,
  EXPLANATION,
  PROGRESS,
  ROUTES_USE,
  TRAFFIC,
} from './examples.ts';
import type { Certificate, GuardRemoval, KeyRemoval } from '../retirement.ts';
import type { BackfillHold, BackfillOrder, FoundDifferences } from '../sync-orders.ts';

/** A lifecycle without databases: it does what a test tells it to, and remembers what it was asked. */
export class MemoryLifecycle implements Lifecycle {
  readonly migrations: MigrationStatus[];
  readonly orders: {
    call: string;
    request?: MoveRequest | VerifyRequest | RowKey | BackfillOrder | IgnoreOrder;
    actor: Actor;
  }[] = [];
  /** In the order in which they are listed. */
  parkedKeys: ParkedKey[] = [];
  parkedRow: ParkedRow | null = null;
  ignored: IgnoredPath[] = DIFFERENCES.ignored;
  readonly #listeners = new Set<() => void>();
  /** Replace these to let something happen, or go wrong. */
  onMove: (migration: MigrationStatus, request: MoveRequest) => Promise<Partial<MoveOutcome>> =
    async () => ({});
  onVerify: (migration: MigrationStatus, request: VerifyRequest) => Promise<void> = async () => {};
  onStatus: () => void = () => {};
  cutOff: MoveOutcome[] = [];
  moves: MoveUnderWay[] = [];
  explanation: Explanation = EXPLANATION;
  readonly questions: Question[] = [];
  journal: JournalEntry[] = JOURNAL;
  journalCheck: JournalCheck = {
    entries: 2,
    newest: { seq: 2, hash: 'c0ffee00c0ffee00' },
    broken: null,
    forked: null,
  };

  readonly #followers = new Set<(happening: Happening) => void>();
  change: LastChange | null = null;

  constructor(...migrations: MigrationStatus[]) {
    this.migrations = migrations;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Says that the status changed. */
  announce(): void {
    for (const listener of this.#listeners) listener();
  }

  async status(): Promise<MigrationStatus[]> {
    this.onStatus();
    return structuredClone(this.migrations);
  }

  async plan(name: string, request: PlanRequest): Promise<Plan> {
    const migration = this.#find(name);
    const verb = request.verb ?? migration.next ?? 'sync';
    return {
      ...{ migration: name, together: [name], verb },
      from: migration.stage,
      to: TARGETS[verb],
      steps: ['hold writes', 'fence the tables', 'change the owner'],
      gates: [LAG_GATE],
      waits: ['new writes: at most 2 s'],
      writesWaitAtMostMs: 2000,
      rollbackCost: 'nothing',
      allowed: false,
    };
  }

  async move(name: string, request: MoveRequest, actor: Actor): Promise<MoveOutcome> {
    const migration = this.#find(name);
    this.orders.push({ call: 'move', request, actor });
    const from = migration.stage;
    const outcome = await this.onMove(migration, request);
    migration.stage = outcome.to ?? TARGETS[request.verb];
    const rest = { epoch: migration.epoch, done: true, detail: '', durationMs: 12 };
    return { migration: name, verb: request.verb, from, to: migration.stage, ...rest, ...outcome };
  }

  async verify(name: string, request: VerifyRequest, actor: Actor): Promise<void> {
    const migration = this.#find(name);
    this.orders.push({ call: 'verify', request, actor });
    await this.onVerify(migration, request);
  }

  async contract(name: string): Promise<ContractReport> {
    this.#find(name);
    return { ...CONTRACT, migration: name };
  }

  async differences(name: string): Promise<Differences> {
    this.#find(name);
    return { ...DIFFERENCES, migration: name, ignored: this.ignored };
  }

  /** A page is one key here. */
  async parked(migration: string, { after }: PageRequest): Promise<ParkedPage> {
    this.#find(migration);
    const at = Number(after ?? 0);
    const [total, isLast] = [this.parkedKeys.length, at + 1 >= this.parkedKeys.length];
    const parked = this.parkedKeys.slice(at, at + 1);
    return { migration, changes: total, keys: total, parked, next: isLast ? null : String(at + 1) };
  }

  async parkedRows(migration: string, key: RowKey): Promise<ParkedRows> {
    this.#find(migration);
    return { migration, ...key, changes: this.parkedRow ? [this.parkedRow] : [] };
  }

  /** What has a reason stays parked. */
  async retry(migration: string, { key, after }: RetryRequest): Promise<RetryOutcome> {
    const { parked, next } = await this.parked(migration, { after, limit: 1 });
    const keys = key ? this.parkedKeys.filter((one) => one.key === key.key) : parked;
    const tried = keys.map((one) => ({
      ...{ table: one.table, key: one.key, applied: one.reason === '', reason: one.reason || null },
    }));
    return { migration, tried, next: key ? null : next };
  }

  async skip(migration: string, key: RowKey, actor: SkipActor): Promise<SkipOutcome> {
    this.#find(migration);
    this.orders.push({ call: 'skip', request: key, actor });
    const isThere = this.parkedKeys.some((one) => one.table === key.table && one.key === key.key);
    return { migration, ...key, outcome: isThere ? 'skipped' : 'nothing parked', changes: isThere ? 1 : 0 };
  }

  async holdBackfill(migration: string, request: BackfillOrder, actor: Actor): Promise<BackfillHold> {
    this.#find(migration);
    this.orders.push({ call: 'holdBackfill', request, actor });
    return { migration, paused: request.paused, changed: true };
  }

  async ignoreField(migration: string, request: IgnoreOrder, actor: Actor): Promise<IgnoreOutcome> {
    this.#find(migration);
    this.orders.push({ call: 'ignoreField', request, actor });
    const { path, ignored } = request;
    this.ignored = this.ignored.filter((one) => one.path !== path || one.from === 'file');
    const entry = { path, from: 'journal', by: actor.name, at: new Date().toISOString() } as const;
    if (ignored) this.ignored = [...this.ignored, { ...entry, reason: actor.reason ?? '' }];
    return { migration, path, ignored, changed: true, alsoInFile: false };
  }

  async found(migration: string): Promise<FoundDifferences> {
    this.#find(migration);
    return { migration, at: null, found: [] };
  }

  async resume(actor: Actor): Promise<MoveOutcome[]> {
    this.orders.push({ call: 'resume', actor });
    return this.cutOff;
  }

  async underWay(): Promise<MoveUnderWay[]> {
    return this.moves;
  }

  async abort(name: string, actor: Actor): Promise<MoveOutcome> {
    const { stage: from, epoch } = this.#find(name);
    this.orders.push({ call: 'abort', actor });
    const detail = `taken back, everything is as before: given up by ${actor.name}: ${actor.reason}`;
    return {
      ...{ migration: name, verb: 'cutover', from, to: from, epoch },
      ...{ done: false, detail, durationMs: 12 },
    };
  }

  async certificate(name: string): Promise<Certificate> {
    this.#find(name);
    return { ...CERTIFICATE, migration: name };
  }

  async dropGuard(name: string, actor: Actor): Promise<GuardRemoval> {
    this.#find(name);
    this.orders.push({ call: 'dropGuard', actor });
    return { migration: name, changed: true };
  }

  async forgetKeys(name: string, actor: Actor): Promise<KeyRemoval> {
    this.#find(name);
    this.orders.push({ call: 'forgetKeys', actor });
    return { migration: name, changed: true };
  }

  async log(migration?: string): Promise<JournalEntry[]> {
    return this.journal.filter((entry) => migration === undefined || entry.migration === migration);
  }

  async checkJournal(): Promise<JournalCheck> {
    return this.journalCheck;
  }

  async explain(question: Question): Promise<Explanation> {
    this.questions.push(question);
    return this.explanation;
  }

  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  async routes(): Promise<RoutesUse> {
    return ROUTES_USE;
  }

  async progress(): Promise<Progress> {
    return PROGRESS;
  }

  async traffic(name: string): Promise<MigrationTraffic> {
    this.#find(name);
    return { ...TRAFFIC, migration: name };
  }

  follow(told: (happening: Happening) => void): () => void {
    this.#followers.add(told);
    return () => this.#followers.delete(told);
  }

  /** Lets something happen. */
  happen(happening: Happening): void {
    for (const told of this.#followers) told(happening);
  }

  async lastChange(name: string): Promise<LastChange> {
    this.#find(name);
    if (this.change) return this.change;
    throw new ControlError('no-change-of-owner', `The owner of "${name}" has not changed yet.`);
  }

  #find(name: string): MigrationStatus {
    const found = this.migrations.find((migration) => migration.name === name);
    if (!found) throw new ControlError('unknown-migration', `There is no migration "${name}".`);
    return found;
  }
}

const TARGETS = {
  sync: 'dual-write',
  shadow: 'shadow',
  canary: 'canary',
  cutover: 'extracted',
  rollback: 'legacy',
  retire: 'retired',
} as const;

export const LAG_GATE = {
  gate: 'lag',
  passed: false,
  value: '12.3 s',
  threshold: 'below 2 s',
  advice: 'Wait until the sync has caught up.',
  notOverridable: '',
  overridden: false,
};

/** An entry of the journal with everything that a test does not care about. */
export function journaled(differing: Partial<JournalEntry>): JournalEntry {
  return {
    seq: 1,
    at: '2026-01-02T03:04:05.000Z',
    migration: 'catalog',
    kind: 'stage-changed',
    epoch: 1,
    actor: 'ada@desk',
    reason: null,
    evidence: { lagSeconds: 0.1 },
    hash: 'c0ffee00c0ffee00',
    ...differing,
  };
}

/** A step of a change of owner with everything that a test does not care about. */
export function stepped(differing: Partial<ChangeStep> = {}): ChangeStep {
  return {
    ...{
      migration: 'catalog',
      verb: 'cutover',
      epoch: 2,
      step: 'await-held',
      title: 'every proxy holds new writes',
    },
    ...{ state: 'done', at: '2026-01-02T03:04:05.000Z', tookMs: 12, reason: null, writesWaitMs: 15 },
    ...differing,
  };
}

const JOURNAL: JournalEntry[] = [
  journaled({ reason: 'first try' }),
  journaled({ seq: 2, migration: 'orders' }),
];

/** A migration at its beginning, with everything a page or a table can show. */
export function migrationNamed(name: string, differing: Partial<MigrationStatus> = {}): MigrationStatus {
  return {
    name,
    service: `${name}-service`,
    stage: 'legacy',
    owner: 'monolith',
    epoch: 1,
    weightSet: 0,
    weightActual: null,
    reads: 'monolith',
    writes: 'monolith',
    routes: [
      {
        method: 'GET',
        host: null,
        path: `/${name}/**`,
        conditions: [],
        readsOrWrites: 'reads',
        answeredBy: 'monolith',
      },
    ],
    sync: null,
    verify: null,
    shadow: null,
    moving: null,
    next: 'sync',
    back: null,
    waitsFor: [],
    ramp: null,
    guardrails: [],
    takenBack: null,
    addresses: [],
    together: [name],
    ...differing,
  };
}
