import type { Exchange, Outcome } from '../exchange.ts';
import { problemOfUpstream } from '../lane/problems.ts';
import type { Upstreams } from './upstreams.ts';

/** Sends a request to the decided side, and the answer or the reason why there is none to the client. */
export async function sendToSide(exchange: Exchange, upstreams: Upstreams): Promise<Outcome> {
  const { carrier, decision } = exchange;
  const address = upstreams.addressFor(exchange);
  exchange.tried.push(address.host);
  const { error, isOver, ...outcome } = await carrier.forward(exchange, {
    address,
    isWanted: () => true,
    upstreamDone: exchange.finishWrite,
  });
  if (isOver || !error) return outcome;
  exchange.finishWrite();
  return carrier.refuse(problemOfUpstream(error, decision.side), exchange.answerHeaders);
}
