import type { RouteTable } from '../routes/table.ts';
import { kindOf, match } from '../routes/match.ts';
import { claimed } from '../routes/slice-key.ts';
import type { Admission } from './admit/admit.ts';
import type { Arms } from './canary/arms.ts';
import { decide } from './decide.ts';
import type { Exchange, Outcome } from './exchange.ts';
import type { Follower } from './hold/follow.ts';
import { problemOfHold, type HoldQueue } from './hold/hold.ts';
import type { RunningWrites } from './hold/running-writes.ts';
import type { Observers } from './observe/observers.ts';
import type { ShadowReads } from './shadow/shadow.ts';
import { problemOfKey } from './slice-problem.ts';
import type { StandingsFeed } from './standing.ts';
import { sendToSide, type Sent } from './upstreams/send.ts';
import type { Upstreams } from './upstreams/upstreams.ts';

/** What the stages work with. */
export interface Parts {
  /** Immutable, replaced whole. */
  table: RouteTable;
  feed: StandingsFeed;
  follower: Follower;
  running: RunningWrites;
  held: HoldQueue;
  admission: Admission;
  arms: Arms;
  upstreams: Upstreams;
  observers: Observers;
  shadow: ShadowReads;
}

/** A stage that has ended gives nothing, one that waits a promise, or `LATER` when it goes on by itself. */
type Stage = (exchange: Exchange, parts: Parts, passage: Passage) => Promise<void> | void | typeof LATER;

const LATER = 'later';

/** The way of a request. */
const STAGES: readonly Stage[] = [
  matchRoute, //   which migration does it belong to?
  admit, //        may this client ask? Off until configured
  decideSide, //   who answers it now? A write that may go is counted as running in this very step
  holdWrite, //    while the owner changes, a write waits here and is then decided again
  forward, //      the decided side gets it, the client gets the answer
  observe, //      what happened is counted, logged and traced
  shadowRead, //   the client has its answer: now a sampled read may be compared
];

/**
 * Takes a request through the stages. A stage that has nothing to wait for costs no turn of the loop.
 *
 * @param failed told once when a stage throws, which is a defect
 */
export function carryOut(exchange: Exchange, parts: Parts, failed: (error: unknown) => void): void {
  new Passage(exchange, parts, failed).goOn();
}

/** One request on its way through the stages. */
class Passage implements Sent {
  readonly #exchange: Exchange;
  readonly #parts: Parts;
  readonly #failed: (error: unknown) => void;
  #next = 0;

  constructor(exchange: Exchange, parts: Parts, failed: (error: unknown) => void) {
    this.#exchange = exchange;
    this.#parts = parts;
    this.#failed = failed;
  }

  /** Goes through the stages to the first that waits, or to the end. */
  goOn(): void {
    try {
      for (;;) {
        const stage = STAGES[this.#next];
        if (!stage) break;
        this.#next += 1;
        const waiting = stage(this.#exchange, this.#parts, this);
        if (waiting === LATER) return;
        if (waiting) return this.#await(waiting);
      }
    } catch (error) {
      return this.failed(error);
    }
    this.#exchange.finishWrite();
  }

  /** What has become of the request. */
  answered(outcome: Outcome): void {
    this.#exchange.outcome = outcome;
    this.goOn();
  }

  failed(error: unknown): void {
    this.#next = STAGES.length;
    this.#exchange.finishWrite();
    this.#failed(error);
  }

  #await(waiting: Promise<void>): void {
    waiting.then(
      () => this.goOn(),
      (error: unknown) => this.failed(error),
    );
  }
}

function matchRoute(exchange: Exchange, { table, observers }: Parts): void {
  const { match: found, missing } = claimed(match(table, exchange.request), exchange.request);
  exchange.match = found;
  if (missing) exchange.problem = problemOfKey(missing);
  observers.begin(exchange);
}

function admit(exchange: Exchange, { admission }: Parts): Promise<void> | void {
  return admission.admit(exchange);
}

function decideSide(exchange: Exchange, parts: Parts): Promise<void> | void {
  if (exchange.problem) return;
  // The monolith's other routes may change a migration's data too.
  if (!exchange.match) {
    if (kindOf({ as: null }, exchange.request.method) === 'writes') parts.arms.noteWrite(exchange);
    return;
  }
  // Whoever has waited goes first, should the wait be over without anybody having said so.
  if (exchange.match.kind === 'writes' && !parts.held.isEmpty) parts.held.lookAgain();
  decideAndCount(exchange, parts);
  const catchingUp = parts.arms.catchUp(exchange);
  if (catchingUp) return catchingUp.then(() => void decideAndCount(exchange, parts));
}

/** One synchronous step: read the newest standing, decide, count as running. An await in here loses writes. */
function decideAndCount(exchange: Exchange, parts: Parts): boolean {
  const { match } = exchange;
  if (!match) return true;
  const standings = parts.follower.newest();
  const standing = standings.byMigration.get(match.migration) ?? null;
  exchange.decision = decide({
    kind: match.kind,
    standing,
    seq: standings.seq,
    leaseIsLive: parts.feed.leaseIsLive(),
    client: (of) => parts.arms.identify(exchange, of),
  });
  const { side, seq, waits } = exchange.decision;
  if (waits) return false;
  if (match.kind === 'writes') {
    exchange.finishWrite = parts.running.begin(match.migration, side, seq);
    if (side === 'monolith') parts.arms.noteWrite(exchange);
  }
  return true;
}

async function wait(exchange: Exchange, migration: string, parts: Parts): Promise<void> {
  const since = performance.now();
  const how = await parts.held.wait({
    migration,
    bytes: exchange.request.bodyBytes,
    tryAgain: () => decideAndCount(exchange, parts),
    onClientGone: (left) => exchange.carrier.onClientGone(left),
  });
  exchange.heldMs = performance.now() - since;
  exchange.problem = problemOfHold(how, migration, exchange.heldMs);
}

function holdWrite(exchange: Exchange, parts: Parts): Promise<void> | void {
  if (exchange.match && exchange.decision.waits) return wait(exchange, exchange.match.migration, parts);
}

function forward(
  exchange: Exchange,
  { upstreams, follower }: Parts,
  passage: Passage,
): Promise<void> | void | typeof LATER {
  const { carrier, decision, match, problem } = exchange;
  if (problem) return refuse(exchange, carrier.refuse(problem, exchange.answerHeaders));
  if (decision.waits) {
    exchange.outcome = { status: 0, failed: false, firstByteMs: null };
    return;
  }
  // Asked at the moment it matters: by then the service may be the owner, and the monolith behind.
  const isMonolithOwner = (): boolean =>
    match !== null && follower.newest().byMigration.get(match.migration)?.owner === 'monolith';
  sendToSide(exchange, upstreams, isMonolithOwner, passage);
  return LATER;
}

async function refuse(exchange: Exchange, refused: Promise<Outcome>): Promise<void> {
  exchange.outcome = await refused;
}

function observe(exchange: Exchange, { observers }: Parts): void {
  observers.end(exchange);
}

function shadowRead(exchange: Exchange, { shadow, follower }: Parts): void {
  // What this client may not ask, nobody asks in its name; nor was anything of it checked.
  if (exchange.problem) return;
  const stage = exchange.match && follower.newest().byMigration.get(exchange.match.migration)?.stage;
  if (stage === 'shadow' || stage === 'canary') shadow.consider(exchange);
}
