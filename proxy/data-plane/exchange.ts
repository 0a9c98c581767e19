import type { Match } from '../routes/match.ts';
import type { NormalPath } from '../routes/path.ts';
import type { Decision } from './decide.ts';

export type Side = 'monolith' | 'service';

/** A request in plain values, as either lane hands it to the stages. */
export interface RequestHead {
  method: string;
  target: NormalPath;
  /** Looks a header up by its lower-case name. */
  header(name: string): string | undefined;
  /** Address of the peer on the other end of the connection. */
  peer: string;
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

/** What the lane that carries a request does for the stages. */
export interface Carrier {
  /** Sends the request to the decided side and the answer to the client; `upstreamDone` is called once. */
  forward(exchange: Exchange, upstreamDone: () => void): Promise<Outcome>;
  refuse(problem: Problem): Promise<Outcome>;
  /** The headers as they went to the upstream. */
  sentHeaders(): Readonly<Record<string, string | string[] | undefined>>;
  /** Calls back when the client leaves before it has its answer; returns the way to stop. */
  onClientGone(left: () => void): () => void;
}

/** One request on its way through the stages, each of which fills in what it finds out. */
export interface Exchange {
  readonly request: RequestHead;
  readonly carrier: Carrier;
  match: Match | null;
  decision: Decision;
  /** Ends the count of this write as running; set in the same step in which it was decided. */
  finishWrite: () => void;
  /** How long it waited for a change of owner; null when it did not. */
  heldMs: number | null;
  problem: Problem | null;
  /** Cookies that go with the answer. */
  cookies: string[];
  outcome: Outcome | null;
}

/** A request at the beginning of its way. */
export function newExchange(request: RequestHead, carrier: Carrier): Exchange {
  return {
    request,
    carrier,
    match: null,
    decision: { side: 'monolith', reason: 'no route', epoch: 0, seq: 0, waits: false },
    finishWrite: () => undefined,
    heldMs: null,
    problem: null,
    cookies: [],
    outcome: null,
  };
}
