import { candidatesFor, match, type Asked, type Candidate, type Match } from '../routes/match.ts';
import { normalisePath, type NormalPath } from '../routes/path.ts';
import { claimed } from '../routes/slice-key.ts';
import { decidedBy, type Precedence } from '../routes/precedence.ts';
import { conditionsInWords, type Kind, type Route } from '../routes/route.ts';
import type { RouteTable } from '../routes/table.ts';
import type { Arms } from './canary/arms.ts';
import { decide, type Client, type Decision } from './decide.ts';
import { newExchange, type Carrier, type Exchange, type Side } from './exchange.ts';
import { problemOfKey } from './slice-problem.ts';
import type { Standing, Standings } from './standing.ts';

/** A request that nobody sends. */
export interface Question {
  method: string;
  target: string;
  headers: Readonly<Record<string, string>>;
}

/** Who would answer it, and why. */
export interface Explanation {
  /** `refused` by the proxy itself, `unclaimed` by every route, or `routed`. */
  outcome: 'refused' | 'unclaimed' | 'routed';
  /** In a sentence or two. */
  why: string;
  /** The path that routes were matched on; null when it was refused. */
  readAs: string | null;
  /** Null when it was refused, and when a new client would be placed by chance. */
  side: Side | null;
  route: ExplainedRoute | null;
  decision: ExplainedDecision | null;
  /** Other routes at which host, path and method lead, best first; the first few. */
  others: OtherRoute[];
}

interface RouteClaim {
  method: string;
  host: string | null;
  path: string;
  /** In words, e.g. `header x-beta = yes`. */
  conditions: string[];
  migration: string;
}

export interface ExplainedRoute extends RouteClaim {
  service: string;
  kind: Kind;
  params: { name: string; value: string }[];
}

export interface ExplainedDecision {
  stage: Standing['stage'];
  owner: Side;
  epoch: number;
  /** Share of reads that go to the service in stage `canary`, in percent. */
  weight: number;
  reason: string;
  /** It would wait: the owner is changing. */
  waits: boolean;
  /** In which arm of a canary the client is; null where that does not matter. */
  arm: ExplainedArm | null;
}

export interface ExplainedArm {
  /** False for a client without an identity: it would get one, and its arm with it. */
  isKnown: boolean;
  side: Side | null;
  /** The list that it is on; null when its place in the weight decides. */
  pinnedBy: string | null;
}

export interface OtherRoute extends RouteClaim {
  /** Why it does not answer. */
  why: string;
}

export interface ExplainParts {
  table: RouteTable;
  standings: Standings;
  arms: Pick<Arms, 'identify'>;
}

const MOST_OTHERS = 20;

const LOST: Readonly<Record<Precedence, string>> = {
  host: 'its host is less exact',
  path: 'its path is less exact',
  method: 'its method is less exact',
  headers: 'it has fewer conditions on headers',
  query: 'it has fewer conditions on the query',
  order: 'it stands later in the configuration',
};

/**
 * Says which side a live proxy would send a request to and why, by the very functions that the proxy uses. Nothing
 * is sent, and nobody gets an identity.
 */
export function explain(parts: ExplainParts, question: Question): Explanation {
  const target = normalisePath(question.target);
  if (target.kind === 'refusal') {
    const why = `The proxy answers 400 and asks neither side: ${target.reason}.`;
    return { outcome: 'refused', why, readAs: null, side: null, route: null, decision: null, others: [] };
  }
  const asked = askedOf(question, target);
  const { match: found, missing } = claimed(match(parts.table, asked), asked);
  const readAs = `/${target.segments.join('/')}`;
  const others = othersOf(candidatesFor(parts.table, asked), found, question.method);
  if (missing) {
    const why = `The proxy answers 400 and asks neither side: ${problemOfKey(missing).detail}`;
    return { outcome: 'refused', why, readAs, side: null, route: null, decision: null, others };
  }
  if (!found) {
    const why = 'No route claims it, so the monolith answers.';
    return { outcome: 'unclaimed', why, readAs, side: 'monolith', route: null, decision: null, others };
  }
  return { outcome: 'routed', readAs, route: explainedRoute(found), others, ...decided(parts, asked, found) };
}

function askedOf({ method, headers }: Question, target: NormalPath): Asked {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]));
  return { method, target, header: (name) => byName.get(name) };
}

function decided(
  { standings, arms }: ExplainParts,
  asked: Asked,
  found: Match,
): Pick<Explanation, 'side' | 'why' | 'decision'> {
  const standing = standings.byMigration.get(found.migration) ?? null;
  const exchange = unsent(asked, found);
  let client = null as Client | null;
  const decision = decide({
    kind: found.kind,
    standing,
    seq: standings.seq,
    leaseIsLive: true,
    client: (of) => (client = arms.identify(exchange, of)),
  });
  const arm = client && armOf(client, exchange);
  const { stage, epoch, reason, waits } = decision;
  const owner = standing?.owner ?? 'monolith';
  const weight = standing?.weight ?? 0;
  return {
    side: arm && !arm.isKnown ? null : decision.side,
    why: whyOf(found, decision, arm, weight),
    decision: { stage, owner, epoch, weight, reason, waits, arm },
  };
}

/** A client that `identify` has to give a cookie is new. */
function armOf({ isInServiceArm, pinnedBy }: Client, { answerHeaders }: Exchange): ExplainedArm {
  const isKnown = !answerHeaders.some(([name]) => name === 'Set-Cookie');
  return { isKnown, side: !isKnown ? null : isInServiceArm ? 'service' : 'monolith', pinnedBy };
}

function whyOf(found: Match, decision: Decision, arm: ExplainedArm | null, weight: number): string {
  const { migration, kind } = found;
  const { side, stage, epoch, waits, reason } = decision;
  if (waits) return `${migration} waits (${reason}): the write is held until it is known who the owner is.`;
  if (kind === 'writes')
    return `The ${side} owns the data of ${migration} in epoch ${epoch}, so it takes every write.`;
  if (!arm) return `${migration} is in stage ${stage}, in which the ${side} answers every read.`;
  const canary = `${migration} is in stage canary, ${weight} % service.`;
  if (!arm.isKnown) return `${canary} A client without an identity is placed by chance, and stays there.`;
  const by = arm.pinnedBy === null ? 'by its place in the weight' : `by the ${arm.pinnedBy}`;
  const late = arm.side === 'service' ? ' After a write, the monolith answers until the service has it.' : '';
  return `${canary} This client belongs to the ${arm.side}'s arm, ${by}.${late}`;
}

function explainedRoute({ route, service, kind, params }: Match): ExplainedRoute {
  const named = Object.entries(params).map(([name, value]) => ({ name, value }));
  return { ...claimOf(route), service, kind, params: named };
}

function othersOf(candidates: readonly Candidate[], found: Match | null, method: string): OtherRoute[] {
  return candidates
    .filter(({ route }) => route !== found?.route)
    .slice(0, MOST_OTHERS)
    .map(({ route, unfulfilled }) => ({ ...claimOf(route), why: whyNot(route, unfulfilled, found, method) }));
}

function whyNot(route: Route, unfulfilled: readonly string[], found: Match | null, method: string): string {
  if (!found || unfulfilled.length > 0) return `${unfulfilled.join(' and ')} does not hold`;
  return LOST[decidedBy(found.route, route, method)];
}

function claimOf({ method, host, path, headers, query, migration }: Route): RouteClaim {
  return { method, host, path, conditions: conditionsInWords({ headers, query }), migration };
}

/** What `identify` asks for, of a request that no client waits for. */
function unsent(asked: Asked, found: Match): Exchange {
  const carrier: Carrier = {
    forward: () => {
      throw new Error('a request that is only explained is not sent');
    },
    refuse: () => Promise.reject(new Error('a request that is only explained is not answered')),
    sentHeaders: () => ({}),
    onClientGone: () => () => undefined,
  };
  const head = { ...asked, peer: '127.0.0.1', client: '127.0.0.1', isSecure: false, bodyBytes: 0 };
  return { ...newExchange(head, carrier), match: found };
}
