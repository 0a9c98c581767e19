import { headersOfProblem, type Attempt, type Exchange, type Outcome, type Side } from '../exchange.ts';
import { UnwantedAnswer } from '../lane/problems.ts';
import type { Address } from './address.ts';
import type { Pool, Sender } from './pool.ts';
import { problemOf, type NotAskedError } from './problems.ts';
import { nextTry, type NextTry } from './retry.ts';
import type { Upstreams } from './upstreams.ts';

type IsWanted = (status: number) => boolean;

/** Who is told what became of a request; one of the two is called, once. */
export interface Sent {
  answered(outcome: Outcome): void;
  /** Something threw, which is a defect. */
  failed(error: unknown): void;
}

const ANY_ANSWER: IsWanted = () => true;

/**
 * Sends a request to the decided side, and the answer or the reason why there is none to the client.
 *
 * @param isMonolithOwner whether the monolith has all data of the migration at this moment: reads of the service may
 *   then fall back to it, also those that were on their way when a canary was taken back
 */
export function sendToSide(
  exchange: Exchange,
  upstreams: Upstreams,
  isMonolithOwner: () => boolean,
  sent: Sent,
): void {
  const pool = upstreams.poolFor(exchange);
  const { side } = exchange.decision;
  const { fallback } = pool.settings;
  if (pool === upstreams.monolith || !fallback?.enabled || !isReadWithoutBody(exchange)) {
    return new Course(exchange, pool, ANY_ANSWER, sent, (attempt) =>
      finish(exchange, attempt, side, sent),
    ).start();
  }
  const isWanted: IsWanted = (status) => !(fallback.statuses.includes(status) && isMonolithOwner());
  const ended = (attempt: Attempt): void => {
    const { error, isOver } = attempt;
    if (!error || isOver || !(error instanceof UnwantedAnswer || isMonolithOwner()))
      return finish(exchange, attempt, side, sent);
    pool.countFallback();
    const status = error instanceof UnwantedAnswer ? error.status : 0;
    exchange.fellBack = { status, failed: true, firstByteMs: null };
    const last = (other: Attempt): void => finish(exchange, other, 'monolith', sent);
    new Course(exchange, upstreams.monolith, ANY_ANSWER, sent, last).start();
  };
  new Course(exchange, pool, isWanted, sent, ended).start();
}

/** Tries the addresses of one side as often as the rules for retries allow. */
class Course implements Sender {
  readonly exchange: Exchange;
  readonly isWanted: IsWanted;
  readonly #pool: Pool;
  readonly #sent: Sent;
  readonly #ended: (last: Attempt) => void;
  #tried: Address[] | null = null;

  constructor(
    exchange: Exchange,
    pool: Pool,
    isWanted: IsWanted,
    sent: Sent,
    ended: (last: Attempt) => void,
  ) {
    this.exchange = exchange;
    this.isWanted = isWanted;
    this.#pool = pool;
    this.#sent = sent;
    this.#ended = ended;
  }

  start(): void {
    const refusal = this.#pool.refusal();
    if (refusal) return this.#ended(notAsked(refusal));
    this.#pool.countRequest();
    this.#pool.send(this, this.#pool.addresses.choose(), false);
  }

  ended(attempt: Attempt, address: Address): void {
    const next = attempt.error ? this.#nextAfter(attempt, address) : null;
    if (next) this.#pool.send(this, next.address, next.onNewConnection);
    else this.#ended(attempt);
  }

  broke(error: unknown): void {
    this.#sent.failed(error);
  }

  #nextAfter(attempt: Attempt, address: Address): NextTry | null {
    const tried = (this.#tried ??= []);
    tried.push(address);
    return nextTry(this.exchange, this.#pool, attempt, tried);
  }
}

function finish(exchange: Exchange, attempt: Attempt, side: Side, sent: Sent): void {
  const { error, isOver } = attempt;
  if (isOver || !error) return sent.answered(attempt);
  exchange.finishWrite();
  const problem = problemOf(error, side);
  exchange.carrier.refuse(problem, headersOfProblem(exchange, problem)).then(
    (outcome) => sent.answered(outcome),
    (failure: unknown) => sent.failed(failure),
  );
}

function isReadWithoutBody({ match, request }: Exchange): boolean {
  return match?.kind === 'reads' && request.bodyBytes === 0;
}

function notAsked(error: NotAskedError): Attempt {
  return {
    status: 0,
    failed: true,
    firstByteMs: null,
    error,
    isOver: false,
    noByteCame: true,
    onUsedConnection: false,
  };
}
