import type { RouteTable } from '../routes/table.ts';
import { match } from '../routes/match.ts';
import type { CanarySettings } from '../routes/schema.ts';
import { decide, type Client, type Decision } from './decide.ts';
import type { Exchange } from './exchange.ts';
import type { Follower } from './follow.ts';
import { problemOfHold, type HoldQueue } from './hold.ts';
import { freshId, idCookie, readId, wroteLately, wroteLatelyCookie } from './identity.ts';
import type { Traffic } from './observe.ts';
import type { RunningWrites } from './running-writes.ts';
import type { ShadowReads } from './shadow.ts';
import type { StandingsFeed } from './standing.ts';

/** What the stages work with. */
export interface Parts {
  table: RouteTable;
  feed: StandingsFeed;
  follower: Follower;
  running: RunningWrites;
  held: HoldQueue;
  traffic: Traffic;
  shadow: ShadowReads;
  canary: CanarySettings;
  /** True when the client spoke HTTPS to a proxy that is trusted. */
  isSecure: (exchange: Exchange) => boolean;
}

type Stage = (exchange: Exchange, parts: Parts) => Promise<void> | void;

/** The way of a request. */
const STAGES: readonly Stage[] = [
  matchRoute, //   which migration does it belong to?
  decideSide, //   who answers it now? A write that may go is counted as running in this very step
  holdWrite, //    while the owner changes, a write waits here and is then decided again
  forward, //      the decided side gets it, the client gets the answer
  observe, //      what happened is counted
  shadowRead, //   the client has its answer: now a sampled read may be compared
];

/** Takes a request through the stages. A stage that has nothing to wait for costs no turn of the loop. */
export async function carryOut(exchange: Exchange, parts: Parts): Promise<void> {
  try {
    for (const stage of STAGES) {
      const waiting = stage(exchange, parts);
      if (waiting) await waiting;
    }
  } finally {
    exchange.finishWrite();
  }
}

function matchRoute(exchange: Exchange, { table }: Parts): void {
  exchange.match = match(table, exchange.request.method, exchange.request.target);
}

function decideSide(exchange: Exchange, parts: Parts): void {
  if (!exchange.match) return;
  // Whoever has waited goes first, should the wait be over without anybody having said so.
  if (exchange.match.kind === 'writes' && !parts.held.isEmpty) parts.held.lookAgain();
  decideAndCount(exchange, parts);
}

/** One synchronous step: read the newest standing, decide, count as running. An await in here loses writes. */
function decideAndCount(exchange: Exchange, parts: Parts): boolean {
  const { match } = exchange;
  if (!match) return true;
  const standings = parts.follower.newest();
  exchange.decision = decide({
    migration: match.migration,
    kind: match.kind,
    standing: standings.byMigration.get(match.migration) ?? null,
    seq: standings.seq,
    leaseIsLive: parts.feed.leaseIsLive(),
    client: () => identify(exchange, match.migration, parts),
  });
  if (exchange.decision.waits) return false;
  if (match.kind === 'writes') countAsRunning(exchange, match.migration, exchange.decision, parts);
  return true;
}

function countAsRunning(exchange: Exchange, migration: string, decision: Decision, parts: Parts): void {
  exchange.finishWrite = parts.running.begin(migration, decision.side, decision.seq);
  const stage = parts.follower.newest().byMigration.get(migration)?.stage;
  if (stage === 'canary' && parts.canary.readYourWritesMs > 0) {
    exchange.cookies.push(wroteLatelyCookie(migration, parts.canary, parts.isSecure(exchange)));
  }
}

function identify(exchange: Exchange, migration: string, { canary, isSecure }: Parts): Client {
  const header = exchange.request.header('cookie');
  const known = readId(header, canary);
  const id = known ?? freshId();
  if (known === null) exchange.cookies.push(idCookie(id, canary, isSecure(exchange)));
  return { id, wroteLately: wroteLately(header, migration, canary) };
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

async function forward(exchange: Exchange): Promise<void> {
  const { carrier, decision, problem } = exchange;
  if (problem) exchange.outcome = await carrier.refuse(problem);
  else if (decision.waits) exchange.outcome = { status: 0, failed: false, firstByteMs: null };
  else exchange.outcome = await carrier.forward(exchange, exchange.finishWrite);
}

function observe(exchange: Exchange, { traffic }: Parts): void {
  traffic.record(exchange);
}

function shadowRead(exchange: Exchange, { shadow, follower }: Parts): void {
  const stage = exchange.match && follower.newest().byMigration.get(exchange.match.migration)?.stage;
  if (stage === 'shadow' || stage === 'canary') shadow.consider(exchange);
}
