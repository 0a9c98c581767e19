import type { ClientRequest } from 'node:http';
import { UpstreamTimeout, type TimeLimit } from './problems.ts';
import type { TimeoutSettings } from './schema.ts';

/**
 * Puts the three limits on a request to an upstream that has its socket. Passing one destroys the request with
 * an `UpstreamTimeout`; http-proxy-middleware's own limits end it without saying why.
 */
export function limitTime(request: ClientRequest, limits: TimeoutSettings): void {
  let timer: NodeJS.Timeout | undefined;
  const start = (limit: TimeLimit, ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => request.destroy(new UpstreamTimeout(limit, ms)), ms);
  };
  let answered = false;
  if (request.socket?.connecting) {
    start('connect', limits.connectMs);
    request.socket.once('connect', () => clearTimeout(timer));
  }
  request.once('finish', () => {
    if (!answered && !request.destroyed) start('first byte', limits.firstByteMs);
  });
  request.once('response', () => {
    answered = true;
    clearTimeout(timer);
  });
  request.once('close', () => clearTimeout(timer));
  request.setTimeout(limits.idleMs);
  request.on('timeout', () => {
    // Until the connection stands, and while the whole request waits for its answer, silence is the business of
    // the other two limits.
    if (request.socket?.connecting || (!answered && request.writableFinished)) return;
    request.destroy(new UpstreamTimeout('idle', limits.idleMs));
  });
}
