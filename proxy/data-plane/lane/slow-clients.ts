import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Problem } from '../exchange.ts';
import { isUploading } from './linger.ts';
import type { ClientSettings } from './schema.ts';

/**
 * Ends what a slow client would hold: one that is silent in the middle of its body, or sends it by drops, is told
 * so; one that does not take its answer loses its connection. Silence while the proxy or an upstream works is
 * nobody's fault here.
 */
export function watchClient(
  res: ServerResponse,
  bounds: ClientSettings,
  refuse: (problem: Problem) => void,
): void {
  const { req } = res;
  // The connection is silent for `idleMs`; node would end it if nobody listened.
  res.on('timeout', () => {
    if (res.writableLength > 0) res.destroy();
    else if (isAwaited(req))
      refuse(tooSlow(`nothing of the rest of its body came for ${bounds.idleMs} ms`, 'idleMs'));
  });
  if (bounds.minBodyBytesPerSecond > 0 && isUploading(req)) watchSpeed(res, bounds, refuse);
}

function watchSpeed(res: ServerResponse, bounds: ClientSettings, refuse: (problem: Problem) => void): void {
  const { req } = res;
  const { idleMs, minBodyBytesPerSecond } = bounds;
  const least = (minBodyBytesPerSecond * idleMs) / 1000;
  let seen = req.socket.bytesRead;
  let wasAwaited = false;
  const timer = setInterval(() => {
    const came = req.socket.bytesRead - seen;
    seen += came;
    // Only a window in which the client could send from its beginning to its end says how fast it is.
    if (wasAwaited && isAwaited(req) && came < least) {
      stop();
      refuse(
        tooSlow(
          `its body comes with less than ${minBodyBytesPerSecond} bytes a second`,
          'minBodyBytesPerSecond',
        ),
      );
    }
    wasAwaited = isAwaited(req);
  }, idleMs);
  const stop = (): void => clearInterval(timer);
  req.once('end', stop);
  // Whatever became of the rest of the body.
  res.once('close', stop);
}

/** More of the body is wanted at once: neither a hold nor an upstream that takes its time keeps it back. */
function isAwaited(req: IncomingMessage): boolean {
  return isUploading(req) && req.readableFlowing === true;
}

/** What a client is told whose body does not come. */
export function tooSlow(how: string, setting: keyof ClientSettings): Problem {
  return {
    status: 408,
    title: 'The request came too slowly',
    detail: `It was given up: ${how}. If that is too strict, change proxy.clients.${setting}.`,
  };
}
