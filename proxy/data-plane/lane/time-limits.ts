import type { ClientRequest, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { UpstreamTimeout, type TimeLimit } from './problems.ts';
import type { TimeoutSettings } from './schema.ts';

/**
 * Puts the time limits on a request to an upstream that has its socket. Passing one destroys the request with
 * an `UpstreamTimeout`; http-proxy-middleware's own limits end it without saying why. `clientIsBehind` says that
 * the client still has to take what came: silence is then its doing, and not the upstream's.
 */
export function limitTime(
  request: ClientRequest,
  limits: TimeoutSettings,
  clientIsBehind: () => boolean,
): void {
  let timer: NodeJS.Timeout | undefined;
  const start = (limit: TimeLimit, ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => request.destroy(new UpstreamTimeout(limit, ms)), ms);
  };
  const stop = (): void => clearTimeout(timer);
  let answered = false;
  let idleMs = limits.idleMs;
  const { socket } = request;
  if (socket?.connecting) {
    start('connect', limits.connectMs);
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', stop);
  }
  request.once('finish', () => {
    if (!answered && !request.destroyed) start('first byte', limits.firstByteMs);
  });
  request.once('response', (answer) => {
    answered = true;
    stop();
    if (!isEventStream(answer)) return;
    idleMs = limits.streamIdleMs;
    socket?.setTimeout(idleMs);
  });
  request.once('upgrade', stop);
  request.once('close', stop);
  request.setTimeout(idleMs);
  request.on('timeout', () => {
    if (isUpstreamsTurn(request, answered, clientIsBehind)) {
      request.destroy(new UpstreamTimeout('idle', idleMs));
    } else {
      socket?.setTimeout(idleMs);
    }
  });
}

function isEventStream({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.toLowerCase().startsWith('text/event-stream') ?? false;
}

/** Whether the idle limit is the one that the upstream passes by its silence. */
function isUpstreamsTurn(request: ClientRequest, answered: boolean, clientIsBehind: () => boolean): boolean {
  // In the middle of an upload it is the upstream's turn only while it leaves bytes lying.
  if (!request.writableFinished) return !request.socket?.connecting && request.writableLength > 0;
  // Until the answer begins, silence is the business of the first-byte limit.
  return answered && !clientIsBehind();
}
