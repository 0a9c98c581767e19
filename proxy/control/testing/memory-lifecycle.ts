import {
  ControlError,
  type Actor,
  type JournalEntry,
  type Lifecycle,
  type MigrationStatus,
  type MoveOutcome,
  type MoveRequest,
  type Plan,
  type VerifyRequest,
} from '../lifecycle.ts';

/** A lifecycle without databases: it does what a test tells it to, and remembers what it was asked. */
export class MemoryLifecycle implements Lifecycle {
  readonly migrations: MigrationStatus[];
  readonly orders: { call: string; request?: MoveRequest | VerifyRequest; actor: Actor }[] = [];
  readonly #listeners = new Set<() => void>();
  /** Replace these to let something happen, or go wrong. */
  onMove: (migration: MigrationStatus, request: MoveRequest) => Promise<Partial<MoveOutcome>> =
    async () => ({});
  onVerify: (migration: MigrationStatus, request: VerifyRequest) => Promise<void> = async () => {};
  onStatus: () => void = () => {};
  cutOff: MoveOutcome[] = [];
  journal: JournalEntry[] = JOURNAL;

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

  async plan(name: string, request: MoveRequest): Promise<Plan> {
    const migration = this.#find(name);
    return {
      migration: name,
      verb: request.verb,
      from: migration.stage,
      to: TARGETS[request.verb],
      steps: ['hold writes', 'fence the tables', 'change the owner'],
      gates: [LAG_GATE],
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

  async resume(actor: Actor): Promise<MoveOutcome[]> {
    this.orders.push({ call: 'resume', actor });
    return this.cutOff;
  }

  async log(migration?: string): Promise<JournalEntry[]> {
    return this.journal.filter((entry) => migration === undefined || entry.migration === migration);
  }

  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
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
    routes: [{ method: 'GET', path: `/${name}/**`, readsOrWrites: 'reads', answeredBy: 'monolith' }],
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
    ...differing,
  };
}
