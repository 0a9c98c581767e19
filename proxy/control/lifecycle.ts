import type { Explanation, Question } from '../data-plane/explain.ts';
import type { Contracts } from './contracts.ts';
import type { Happenings } from './happenings.ts';
import type { IgnoredPath, Ignoring } from './ignoring.ts';
import type { ParkedChanges } from './parking.ts';
import type { Retirement } from './retirement.ts';
import type { SyncOrders, VerifyEntry } from './sync-orders.ts';
import type { Usage } from './usage.ts';
import type { SyncStatus } from './sync-status.ts';

export type { SyncStatus };

/**
 * What the control API needs from whoever runs the migrations. Declared here, by its consumer; `scripts/up`
 * wires the real one. Every method rejects with a `ControlError` when the answer is no.
 */
export interface Lifecycle
  extends ParkedChanges, SyncOrders, Ignoring, Retirement, Happenings, Usage, Contracts {
  status(): Promise<MigrationStatus[]>;
  /** What a move (the usual next one without a verb) would do and whether its gates hold now. Changes nothing. */
  plan(migration: string, request: PlanRequest): Promise<Plan>;
  /** Carries the move out; resolves when every live proxy follows it. */
  move(migration: string, request: MoveRequest, actor: Actor): Promise<MoveOutcome>;
  /** Starts a comparison of both sides (and a repair of what differs); progress and result show in `status`. */
  verify(migration: string, request: VerifyRequest, actor: Actor): Promise<void>;
  /** Where the answers of both sides differ, with examples, by operation and field. */
  differences(migration: string): Promise<Differences>;
  /** Takes the one legal next step of every move that a crash cut off. */
  resume(actor: Actor): Promise<MoveOutcome[]>;
  /** Every move that has begun and not ended, with its one legal next step. Changes nothing. */
  underWay(): Promise<MoveUnderWay[]>;
  /** Has the move that is under way given up; resolves when everything is as before it. */
  abort(migration: string, actor: Actor): Promise<MoveOutcome>;
  log(migration?: string): Promise<JournalEntry[]>;
  /** Looks whether the journal in the store is as it was written, and goes on from what this process knows. */
  checkJournal(): Promise<JournalCheck>;
  /** Which side would answer a request, and why. Sends nothing and changes nothing. */
  explain(question: Question): Promise<Explanation>;
  /** Calls back whenever `status` may have changed; returns the way to stop. */
  subscribe(changed: () => void): () => void;
}

export type Stage = 'legacy' | 'dual-write' | 'shadow' | 'canary' | 'extracted' | 'retired';
export type Side = 'monolith' | 'service';
export type Verb = 'sync' | 'shadow' | 'canary' | 'cutover' | 'rollback' | 'retire';

export interface Actor {
  name: string;
  reason: string | null;
}

export interface MoveRequest {
  verb: Verb;
  /** Share of reads in percent, with one decimal; only for `canary`, which needs it or `ramp`. */
  weight?: number;
  /** Start the ramp of the configuration; only for `canary`. */
  ramp?: boolean;
  /** Names of gates that need not hold, for this one move. */
  override?: string[];
  /** The monolith's tables go on refusing writes; only for `retire`. */
  keepGuard?: boolean;
}

export type PlanRequest = Partial<MoveRequest>;

export interface VerifyRequest {
  /** Mend what differs by the owner's truth. */
  repair: boolean;
  /** With `repair`: list what would be mended and change nothing. */
  dryRun: boolean;
  /** Instead of comparing: map every row of the owner there and back. */
  roundTrip: boolean;
}

/** A condition with evidence that a move needs. */
export interface GateResult {
  gate: string;
  passed: boolean;
  value: string;
  threshold: string;
  /** What to do when it did not pass; empty when it did. */
  advice: string;
  /** Why nobody may override it as it stands; empty when somebody may, and when it passed. */
  notOverridable: string;
  /** It did not pass, and the move is made, or would be, all the same. */
  overridden: boolean;
}

export interface Plan {
  migration: string;
  /** All migrations that move with it, itself among them. */
  together: string[];
  verb: Verb;
  from: Stage;
  to: Stage;
  /** In the order in which they would be taken, in words. */
  steps: string[];
  gates: GateResult[];
  /** Who waits because of this move, and for how long at most, in words; empty when nobody does. */
  waits: string[];
  /** Longest time that a write may wait in a proxy because of this move, in milliseconds; 0 when none waits. */
  writesWaitAtMostMs: number;
  /** What going back would cost afterwards, in words. */
  rollbackCost: string;
  allowed: boolean;
}

export interface MoveOutcome {
  migration: string;
  verb: Verb;
  from: Stage;
  to: Stage;
  epoch: number;
  /** False when the move was given up and everything is as before; `detail` says why. */
  done: boolean;
  detail: string;
  durationMs: number;
}

export interface MoveUnderWay {
  migration: string;
  verb: Verb;
  /** What the journal says of it. */
  phase: 'started' | 'owner-changed' | 'aborting' | 'installing';
  /** ISO time. */
  since: string;
  by: string;
  /** Whether the control process is at work with it. */
  isRunning: boolean;
  /** The one legal next step, in words. */
  next: string;
}

export interface RouteStatus {
  /** Upper-case method, or `*` for any. */
  method: string;
  /** Null for any. */
  host: string | null;
  path: string;
  /** On headers and query, in words. */
  conditions: string[];
  readsOrWrites: 'reads' | 'writes';
  /** Who answers it now, in words, e.g. `monolith`, `service`, `25 % service`. */
  answeredBy: string;
}

export interface BackfillProgress {
  table: string;
  rows: number;
  /** Estimate; null when unknown. */
  total: number | null;
  rowsPerSecond: number;
  secondsLeft: number | null;
  done: boolean;
  /** Why it rests now; empty while it copies. */
  rests?: string;
}

export interface VerifyStatus {
  state: 'running' | 'done' | 'failed';
  /** ISO time at which this comparison began or last reported; a new one never has an old one's. */
  at: string;
  rowsCompared: number;
  rowsTotal: number | null;
  rowsPerSecond: number;
  /** All that were found, mended or not. */
  differences: number;
  /** Rows that never came to rest, and such as wait for a parked change: neither equal nor different. */
  unsettled?: number;
  parked?: number;
  seconds?: number;
  entries?: VerifyEntry[];
  /** Columns without a counterpart: not compared. */
  unmapped?: string[];
  /** How many of the differences were mended; none in a dry run. */
  repaired: number;
  /** The first few differences, or why it failed, in words. */
  details: string[];
}

export interface ShadowStatus {
  compared: number;
  agreed: number;
  differed: number;
  dropped: number;
  verdict: 'agrees' | 'differs' | 'not enough data';
  /** The first few differences, in words. */
  examples: string[];
}

/** A condition that is watched while the service answers reads. */
export interface GuardrailStatus {
  guardrail: string;
  /** `no data` neither lets a ramp go on nor takes anything back. */
  verdict: 'ok' | 'broken' | 'no data';
  value: string;
  threshold: string;
  /** How far back was looked, in words. */
  window: string;
}

export interface RampStatus {
  /** In words, e.g. `5 % for 10 min`. */
  steps: string[];
  /** The present one, counted from 1. */
  step: number;
  secondsLeft: number;
  /** Reads of the service in the window, and how many the next step needs. */
  reads: { soFar: number; needed: number };
  /** In words; empty at the last step. */
  waitsFor: string[];
}

/** Traffic that a guardrail took back to the monolith. */
export interface TakenBack {
  at: string;
  /** Share of reads that the service had, in percent. */
  weight: number;
  /** Each broken guardrail with value, threshold and window, in words. */
  why: string[];
}

/** What comparing the answers of one migration found. */
export interface Differences extends ShadowCounts {
  migration: string;
  /** When stage `shadow` was last entered, as ISO time: what was found before does not count. */
  since: string | null;
  verdict: ShadowStatus['verdict'];
  /** Those that can be compared, also when they never were. */
  operations: OperationDifferences[];
  /** What is left out, with its reason: what the configuration says, then what was ordered. */
  ignored: IgnoredPath[];
}

/** How samples ended. */
export interface ShadowCounts {
  compared: number;
  agreed: number;
  differed: number;
  /** Not compared, because too many waited. */
  dropped: number;
  /** Not compared, because a body was above the limit. */
  tooBig: number;
  /** Compared in vain: the monolith gave no answer that counts, or changed its mind while it was asked. */
  noVerdict: number;
}

export interface OperationDifferences extends ShadowCounts {
  /** Method and path of the route. */
  operation: string;
  verdict: ShadowStatus['verdict'] | 'no data';
  /** The most frequent first. */
  fields: FieldDifferences[];
  /** How often something differed in fields that are not listed. */
  unlisted: number;
  /** Fields that are not compared, because the monolith itself answers them differently each time. */
  noise: { field: string; excused: number }[];
}

export interface FieldDifferences {
  /** JSONPath with `[*]` for every index, or `status`, `body`, `header <name>`. */
  field: string;
  /** Answers that differ here, and their share of the compared ones in percent. */
  count: number;
  percent: number;
  /** ISO times. */
  first: string;
  last: string;
  examples: DifferenceExample[];
}

/** One difference as it was seen, secrets masked. */
export interface DifferenceExample {
  /** ISO time. */
  at: string;
  target: string;
  place: string;
  monolith: string;
  service: string;
}

export interface MigrationStatus {
  name: string;
  service: string;
  stage: Stage;
  owner: Side;
  epoch: number;
  weightSet: number;
  /** Share of reads that the service answered lately, in percent; null when nothing was read. */
  weightActual: number | null;
  reads: string;
  writes: string;
  routes: RouteStatus[];
  /** Null when there is nothing to sync; never while a sync is only starting. */
  sync: SyncStatus | null;
  verify: VerifyStatus | null;
  shadow: ShadowStatus | null;
  moving: { verb: Verb; phase: string; since: string; by: string } | null;
  next: Verb | null;
  back: Verb | null;
  /** What the next move waits for, in words; empty when it could be taken now. */
  waitsFor: string[];
  /** Null when no ramp runs. */
  ramp: RampStatus | null;
  /** Empty when none is watched at this stage. */
  guardrails: GuardrailStatus[];
  /** Null unless a guardrail brought the migration to its present stage. */
  takenBack: TakenBack | null;
  /** Those of the monolith, then those of the service; empty while no proxy reports. */
  addresses: AddressStatus[];
  /** All migrations that move with it, itself among them. */
  together: string[];
}

/** How one address of a side fares, as the proxy sees it that thinks worst of it. */
export interface AddressStatus {
  side: Side;
  /** Host and port. */
  address: string;
  state: 'unknown' | 'healthy' | 'unhealthy' | 'ejected' | 'circuit open';
  /** ISO time. */
  since: string;
  /** What went wrong last, however long ago. */
  lastError: string | null;
}

export interface JournalEntry {
  seq: number;
  at: string;
  migration: string;
  kind: string;
  epoch: number;
  actor: string;
  reason: string | null;
  evidence: unknown;
  hash: string;
}

/** What a look at the whole journal found. */
export interface JournalCheck {
  /** How many were looked at. */
  entries: number;
  /** The last of them; null when nothing was decided yet. */
  newest: { seq: number; hash: string } | null;
  /** The first entry that is not as it was written; null when all are. */
  broken: { seq: number; problem: string; entry: JournalEntry } | null;
  /** How it differs from what this process had read before; null when it does not. */
  forked: string | null;
}

/** Every error of the control API, with its status and the CLI's exit code, in one place. */
export const CONTROL_ERRORS = {
  'unknown-migration': { status: 404, exitCode: 2, title: 'No such migration' },
  'move-not-allowed': { status: 409, exitCode: 2, title: 'This move is not allowed from the present stage' },
  'move-under-way': { status: 409, exitCode: 3, title: 'Another move is under way' },
  'gate-refused': { status: 422, exitCode: 3, title: 'A gate refused the move' },
  'bad-configuration': { status: 400, exitCode: 2, title: 'strangler.yaml does not fit the databases' },
  'bad-request': { status: 400, exitCode: 2, title: 'The request is not valid' },
  unauthorized: { status: 401, exitCode: 2, title: 'A token is needed' },
  'too-many-attempts': { status: 429, exitCode: 2, title: 'Too many wrong tokens' },
  'not-permitted': { status: 403, exitCode: 2, title: 'The role does not allow it' },
  'key-reused': { status: 422, exitCode: 2, title: 'The idempotency key belongs to another order' },
  'order-in-progress': { status: 409, exitCode: 3, title: 'The order is being carried out' },
  'outcome-unknown': { status: 409, exitCode: 1, title: 'Nobody knows how the order ended' },
  forbidden: { status: 403, exitCode: 2, title: 'The request came from where requests are not taken' },
  'no-change-of-owner': { status: 404, exitCode: 2, title: 'The owner has not changed yet' },
  'unknown-path': { status: 404, exitCode: 2, title: 'Nothing is here' },
  'method-not-allowed': { status: 405, exitCode: 2, title: 'This path does not take this method' },
  'too-large': { status: 413, exitCode: 2, title: 'The request is too large' },
  'not-json': { status: 415, exitCode: 2, title: 'The body must be JSON and say so' },
  'journal-forked': { status: 503, exitCode: 1, title: 'The store has another journal than before' },
  unreachable: { status: 503, exitCode: 1, title: 'Something that the move needs cannot be reached' },
  failed: { status: 500, exitCode: 1, title: 'The move failed' },
  'timed-out': { status: 504, exitCode: 4, title: 'The move ran out of time and was taken back' },
} as const;

export type ControlErrorCode = keyof typeof CONTROL_ERRORS;

export class ControlError extends Error {
  readonly code: ControlErrorCode;
  readonly gates: GateResult[];
  /** When asking again makes sense; null when that is not known. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ControlErrorCode,
    detail: string,
    gates: GateResult[] = [],
    retryAfterSeconds: number | null = null,
  ) {
    super(detail);
    this.name = 'ControlError';
    this.code = code;
    this.gates = gates;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
