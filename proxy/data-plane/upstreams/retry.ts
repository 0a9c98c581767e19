import type { Attempt, Exchange } from '../exchange.ts';
import { UnwantedAnswer, UpstreamTimeout } from '../lane/problems.ts';
import type { Address } from './address.ts';
import type { Pool } from './pool.ts';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const IDEMPOTENT: ReadonlySet<string> = new Set(['PUT', 'DELETE']);

/** Where a request may be tried once more. */
export interface NextTry {
  address: Address;
  onNewConnection: boolean;
}

/** The next try of a request after one that failed; null when it may not be sent again. */
export function nextTry(
  exchange: Exchange,
  pool: Pool,
  failed: Attempt,
  tried: readonly Address[],
): NextTry | null {
  const { enabled, maxRetries } = pool.settings.retry;
  if (!enabled || tried.length > maxRetries || failed.isOver) return null;
  if (!isRepeatable(exchange) || !leftNoTrace(failed)) return null;
  const next = elsewhere(pool, tried) ?? onceMore(failed, tried);
  if (!next || !pool.spendRetry() || pool.refusal()) return null;
  return next;
}

/** By its method, as long as the configuration does not say that it changes something all the same. */
function isRepeatable({ request, match }: Exchange): boolean {
  if (request.bodyBytes !== 0) return false;
  return IDEMPOTENT.has(request.method) || (SAFE.has(request.method) && match?.kind !== 'writes');
}

/** Nothing shows that the upstream has begun to answer. One that is slow is not helped by asking again. */
function leftNoTrace({ error, noByteCame }: Attempt): boolean {
  if (!noByteCame || error instanceof UnwantedAnswer) return false;
  return !(error instanceof UpstreamTimeout) || error.limit === 'connect';
}

function elsewhere(pool: Pool, tried: readonly Address[]): NextTry | null {
  const address = pool.addresses.chooseAnother(tried);
  return address && { address, onNewConnection: false };
}

/** A connection that was kept may have been closing just then: that says nothing about a new one. */
function onceMore({ error, onUsedConnection }: Attempt, tried: readonly Address[]): NextTry | null {
  const address = tried.at(-1);
  if (!address || !onUsedConnection || error instanceof UpstreamTimeout) return null;
  return { address, onNewConnection: true };
}
