import type { Match } from '../routes/match.ts';
import type { NormalPath } from '../routes/path.ts';
import type { Decision } from './decide.ts';
import { timeNow } from './moment.ts';

export type Side = 'monolith' | 'service';

/** A request in plain values, as either lane hands it to the stages. */
export interface RequestHead {
  method: string;
  target: NormalPath;
  /** Looks a header up by its lower-case name. */
  header(name: string): string | undefined;
  /** Address of the peer on the other end of the connection. */
  peer: string;
  /** Address of the client: what a trusted peer says, else the peer itself. */
  client: string;
  /** The client spoke HTTPS, to this proxy or to a trusted one in front of it. */
  isSecure: boolean;
  /** What Content-Length announces; null for a body of unknown length, 0 for none. */
  bodyBytes: number | null;
}

/** An answer that the proxy gives by itself, because no side will. */
export interface Problem {
  status: number;
  title: string;
  /** What happened, on which side, and what to do. */
  detail: string;
  retryAfterSeconds?: number;
  /** Further headers of the answer. */
  headers?: Readonly<Record<string, string>>;
}

/** How an exchange ended. */
export interface Outcome {
  /** Status that the client got; 0 when it left before it got one. */
  status: number;
  /** A 5xx or no answer from the side that was asked; a client that left is no failure. */
  failed: boolean;
  /** From sending the request on to the first byte of the answer; null without one. */
  firstByteMs: number | null;
}

/** How one try at one address ended. */
export interface Attempt extends Outcome {
  /** Why there was no answer to pass on; null when there was one, or when the client left. */
  error: Error | null;
  /** The client has been answered, or has left: nothing more can be tried for it. */
  isOver: boolean;
  /** Not even the first byte of an answer came, early hints included. */
  noByteCame: boolean;
  /** The connection had carried another request before: the upstream may have been closing it already. */
  onUsedConnection: boolean;
}

/** Where one try goes, and who is told how it fares: by calls, because a promise for each costs more than the rest. */
export interface Destination {
  /** The side that it belongs to: not always the decided one, for a read may fall back to the monolith. */
  readonly side: Side;
  readonly address: URL;
  /** Where any connection at hand may be closing already: opens one for this try alone. */
  readonly onNewConnection: boolean;
  /** False for an answer that is not passed on but given up, as `UnwantedAnswer`. */
  isWanted(status: number): boolean;
  /** Called when the answer has come to its end. */
  upstreamDone(): void;
  /** Called once, whatever became of the try. */
  ended(attempt: Attempt): void;
  /** Called in the place of `ended` where the lane itself failed, which is a defect. */
  broke(error: unknown): void;
}

/** The head of an answer, before it goes to the client. */
export interface AnswerHead {
  status: number;
  header(name: string): string | undefined;
}

/** An answer that came in one piece, as the side gave it. */
export interface WholeAnswer extends AnswerHead {
  /** Head and body, a character for each byte. */
  text: string;
  /** Where the body begins. */
  bodyAt: number;
}

/** What the lane that carries a request does for the stages. */
export interface Carrier {
  /** Tries one address once. Sends the request there and, if it is wanted, the answer to the client. */
  forward(exchange: Exchange, destination: Destination): void;
  refuse(problem: Problem, headers: readonly HeaderPair[]): Promise<Outcome>;
  /** The end-to-end headers of the request as they go to an upstream. */
  sentHeaders(): Readonly<Record<string, string | string[] | undefined>>;
  /** Calls back when the client leaves before it has its answer; returns the way to stop. */
  onClientGone(left: () => void): () => void;
}

export type HeaderPair = readonly [name: string, value: string];

/** One request on its way through the stages, each of which fills in what it finds out. */
export interface Exchange {
  readonly request: RequestHead;
  carrier: Carrier;
  /** When it arrived, by `timeNow()`. */
  readonly startedAt: number;
  match: Match | null;
  /** Payload of the client's JWT, once it was verified. */
  claims: Readonly<Record<string, unknown>> | null;
  /** Who asks, as the arms of a canary know it; null where nobody needed to know. */
  clientId: string | null;
  decision: Decision;
  /** Ends the count of this write as running; set in the same step in which it was decided. */
  finishWrite: () => void;
  /** How long it waited for a change of owner; null when it did not. */
  heldMs: number | null;
  problem: Problem | null;
  /** Headers that go with the answer, besides its own. */
  answerHeaders: HeaderPair[];
  /** Called in order when the head of the answer is known; they may still add to `answerHeaders`. */
  beforeAnswer: ((answer: AnswerHead) => void)[];
  /** Headers that go to the upstream, besides the client's; null drops what the client sent under this name. */
  upstreamHeaders: (readonly [name: string, value: string | null])[];
  /** Addresses that were tried, in order. */
  tried: string[];
  outcome: Outcome | null;
  /** How the decided side failed, when the monolith answered in its place; `outcome` is then the monolith's. */
  fellBack: Outcome | null;
  /** What Content-Length of the answer announces; null when it does not, or when nobody asked for it. */
  answerBytes: number | null;
  /** The answer, where the lane had all of it at hand at once; null where it did not. */
  wholeAnswer: WholeAnswer | null;
  /** Its name among all requests, as its client, a proxy in front of this one or this one gave it. */
  requestId: string | null;
  /** Its place in a distributed trace; null when nobody traces it. */
  trace: Trace | null;
}

/** What a trace wants to know of a request. */
export interface Trace {
  traceId: string;
  /** Called once, when the client has its answer or has left. */
  end: (exchange: Exchange) => void;
}

/** Puts what the stages found out for the upstream into the headers that go there, in place. */
export function completeUpstreamHeaders(
  headers: Record<string, string | string[] | undefined>,
  { upstreamHeaders }: Exchange,
): void {
  for (const [name, value] of upstreamHeaders) {
    if (value === null) delete headers[name.toLowerCase()];
    else headers[name.toLowerCase()] = value;
  }
}

/** The headers that go with an answer of the proxy's own, by everybody who adds to answers. */
export function headersOfProblem(exchange: Exchange, { status }: Problem): readonly HeaderPair[] {
  for (const look of exchange.beforeAnswer) look({ status, header: () => undefined });
  return exchange.answerHeaders;
}

const UNDECIDED: Decision = Object.freeze({
  side: 'monolith',
  reason: 'no route',
  stage: 'legacy',
  epoch: 0,
  seq: 0,
  waits: false,
});

const nothing = (): void => undefined;

/** A request at the beginning of its way. */
export function newExchange(request: RequestHead, carrier: Carrier): Exchange {
  return {
    request,
    carrier,
    startedAt: timeNow(),
    match: null,
    claims: null,
    clientId: null,
    decision: UNDECIDED,
    finishWrite: nothing,
    heldMs: null,
    problem: null,
    answerHeaders: [],
    beforeAnswer: [],
    upstreamHeaders: [],
    tried: [],
    outcome: null,
    fellBack: null,
    answerBytes: null,
    wholeAnswer: null,
    requestId: null,
    trace: null,
  };
}
