import { randomUUID } from 'node:crypto';
import type { Effect, Outcome } from './protocol.ts';
import type { OwnerChange } from './fold.ts';
import type { ControlStore } from './store.ts';

/**
 * What each run of the protocol did, step by step. The journal says what was decided; this says how it came to that,
 * and lets a run be held against the protocol afterwards. A run is one row that grows: whatever of it is there, its
 * beginning is.
 */
export const RUN_SCHEMA = `
CREATE TABLE IF NOT EXISTS strangler_control.run (
  id uuid PRIMARY KEY, migration text NOT NULL, epoch bigint NOT NULL, actor text NOT NULL, began_from text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(), length integer NOT NULL, steps jsonb NOT NULL);
ALTER TABLE strangler_control.run ADD COLUMN IF NOT EXISTS together jsonb NOT NULL DEFAULT '{}';`;

/** One effect and what came of it. */
export interface StepRecord {
  effect: Effect;
  outcome: Outcome['kind'];
  /** Whether it failed because its time was over. */
  late?: true;
  /** What the journal said instead. */
  found?: 'started' | 'owner-changed' | 'aborting' | 'over';
  reason?: string;
  /** Milliseconds; of the last time, when it was tried again. */
  ms: number;
  /** How often the same came of it, one time after the other. */
  times: number;
}

/** One run of the protocol by one coordinator. */
export interface RunRecord {
  id: string;
  migration: string;
  /** That the change aimed at. */
  epoch: number;
  actor: string;
  /** Ordered by somebody, or what the journal said when it was taken on. */
  beganFrom: 'order' | OwnerChange['phase'];
  /** All whose owner changes by this run, the one above too, each with its epoch. */
  together: Readonly<Record<string, number>>;
  steps: StepRecord[];
}

/**
 * Keeps the record of one run. Nobody waits for it: it must not cost the writes that wait any time. One that is being
 * kept stands for all that come meanwhile.
 */
export class RunRecorder {
  private readonly store: ControlStore;
  private readonly record: RunRecord;
  private length = 0;
  private keptLength = 0;
  private isKeeping = false;

  constructor(store: ControlStore, run: Omit<RunRecord, 'id' | 'steps'>) {
    this.store = store;
    this.record = { ...run, id: randomUUID(), steps: [] };
  }

  /** Of this run, and of no other one. */
  get id(): string {
    return this.record.id;
  }

  note(effect: Effect, outcome: Outcome, ms: number): void {
    const { steps } = this.record;
    const step = stepOf(effect, outcome, Math.round(ms * 10) / 10);
    const last = steps.at(-1);
    this.length += 1;
    if (last && isSame(last, step)) steps.splice(-1, 1, { ...step, times: last.times + 1 });
    else steps.push(step);
    if (!this.isKeeping) void this.keepAll();
  }

  private async keepAll(): Promise<void> {
    this.isKeeping = true;
    while (this.keptLength < this.length) {
      const length = this.length;
      await this.keep(length).catch(() => undefined);
      this.keptLength = length;
    }
    this.isKeeping = false;
  }

  /** An answer may be lost and the statement arrive later: the longer record is the newer one. */
  private keep(length: number): Promise<void> {
    const { id, migration, epoch, actor, beganFrom, together, steps } = this.record;
    return this.store.querySoonKept(
      `INSERT INTO strangler_control.run (id, migration, epoch, actor, began_from, length, steps, together)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM soon
       ON CONFLICT (id) DO UPDATE SET length = excluded.length, steps = excluded.steps
       WHERE run.length < excluded.length`,
      [id, migration, epoch, actor, beganFrom, length, JSON.stringify(steps), JSON.stringify(together)],
    );
  }
}

/** All runs of the protocol, in the order in which they began. */
export async function readRuns(store: ControlStore): Promise<RunRecord[]> {
  const rows = await store.query<
    Omit<RunRecord, 'epoch' | 'beganFrom'> & { epoch: string; began_from: string }
  >(
    'SELECT id, migration, epoch, actor, began_from, steps, together FROM strangler_control.run ORDER BY at, id',
  );
  return rows.map(({ began_from: beganFrom, epoch, ...rest }) => ({
    ...rest,
    epoch: Number(epoch),
    beganFrom: beganFrom as RunRecord['beganFrom'],
  }));
}

/** A run and when it began. */
export interface LastRun extends RunRecord {
  /** ISO time. */
  at: string;
}

/** The newest run in which the owner of this migration was to change, with its epoch; null when there was none. */
export async function readLastRun(store: ControlStore, migration: string): Promise<LastRun | null> {
  const [row] = await store.query<Omit<LastRun, 'epoch' | 'beganFrom' | 'at'> & Row>(
    `SELECT id, migration, epoch, actor, began_from, steps, together, at FROM strangler_control.run
     WHERE migration = $1 OR together ? $1 ORDER BY at DESC, id DESC LIMIT 1`,
    [migration],
  );
  if (!row) return null;
  const { began_from: beganFrom, epoch, at, ...rest } = row;
  const own = rest.together[migration] ?? Number(epoch);
  return { ...rest, migration, epoch: own, beganFrom, at: at.toISOString() };
}

interface Row {
  epoch: string;
  began_from: RunRecord['beganFrom'];
  at: Date;
}

function stepOf(effect: Effect, outcome: Outcome, ms: number): StepRecord {
  const { kind } = outcome;
  return {
    effect,
    outcome: kind,
    ...(kind === 'failed' && outcome.late ? { late: true } : {}),
    ...(kind === 'contradicted' ? { found: outcome.found } : {}),
    ...(kind === 'done' ? {} : { reason: outcome.reason }),
    ms,
    times: 1,
  };
}

const isSame = (a: StepRecord, b: StepRecord): boolean =>
  a.effect === b.effect && a.outcome === b.outcome && a.late === b.late && a.reason === b.reason;
