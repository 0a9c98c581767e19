import { headersOfProblem, type Attempt, type Exchange, type Outcome, type Side } from '../exchange.ts';
import { UnwantedAnswer } from '../lane/problems.ts';
import type { Address } from './address.ts';
import type { Pool } from './pool.ts';
import { problemOf, type NotAskedError } from './problems.ts';
import { nextTry, type NextTry } from './retry.ts';
import type { Upstreams } from './upstreams.ts';

type IsWanted = (status: number) => boolean;

const ANY_ANSWER: IsWanted = () => true;

/**
 * Sends a request to the decided side, and the answer or the reason why there is none to the client.
 *
 * @param isMonolithOwner whether the monolith has all data of the migration at this moment: reads of the service may
 *   then fall back to it, also those that were on their way when a canary was taken back
 */
export async function sendToSide(
  exchange: Exchange,
  upstreams: Upstreams,
  isMonolithOwner: () => boolean,
): Promise<Outcome> {
  const pool = upstreams.poolFor(exchange);
  const { fallback } = pool.settings;
  if (pool === upstreams.monolith || !fallback?.enabled || !isReadWithoutBody(exchange)) {
    return finish(exchange, await tryAddresses(exchange, pool, ANY_ANSWER), exchange.decision.side);
  }
  const isWanted: IsWanted = (status) => !(fallback.statuses.includes(status) && isMonolithOwner());
  const attempt = await tryAddresses(exchange, pool, isWanted);
  const { error, isOver } = attempt;
  if (!error || isOver || !(error instanceof UnwantedAnswer || isMonolithOwner())) {
    return finish(exchange, attempt, exchange.decision.side);
  }
  pool.countFallback();
  const status = error instanceof UnwantedAnswer ? error.status : 0;
  exchange.fellBack = { status, failed: true, firstByteMs: null };
  return finish(exchange, await tryAddresses(exchange, upstreams.monolith, ANY_ANSWER), 'monolith');
}

/** Tries the addresses of one side as often as the rules for retries allow. */
async function tryAddresses(exchange: Exchange, pool: Pool, isWanted: IsWanted): Promise<Attempt> {
  const refusal = pool.refusal();
  if (refusal) return notAsked(refusal);
  pool.countRequest();
  let next: NextTry | null = { address: pool.addresses.choose(), onNewConnection: false };
  const tried: Address[] = [];
  for (;;) {
    const attempt: Attempt = await pool.send(exchange, { ...next, isWanted });
    if (!attempt.error) return attempt;
    tried.push(next.address);
    next = nextTry(exchange, pool, attempt, tried);
    if (!next) return attempt;
  }
}

function finish(exchange: Exchange, attempt: Attempt, side: Side): Outcome | Promise<Outcome> {
  const { error, isOver, status, failed, firstByteMs } = attempt;
  if (isOver || !error) return { status, failed, firstByteMs };
  exchange.finishWrite();
  const problem = problemOf(error, side);
  return exchange.carrier.refuse(problem, headersOfProblem(exchange, problem));
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
