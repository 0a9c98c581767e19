import { EventEmitter } from 'node:events';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Try } from './try.ts';

/**
 * What http-proxy-middleware sees of the request, for one try. It hangs listeners on whatever it is given and
 * destroys it when a try fails; the client's own objects must stay whole for the next try and for the refusal.
 */
export class RequestStandIn {
  readonly httpVersion = '1.1';
  readonly httpVersionMajor = 1;
  // The library keeps an upstream's reset to itself when this is not writable.
  readonly socket = { writable: true };
  readonly method: string;
  readonly url: string;
  readonly headers: OutgoingHttpHeaders;
  readonly try: Try;

  constructor(method: string, of: Try) {
    this.method = method;
    this.url = of.trip.target;
    this.headers = of.trip.headers;
    this.try = of;
  }

  /** Nobody speaks here: that the client left is told by its response. */
  on(): this {
    return this;
  }

  pipe(request: ClientRequest): void {
    const { sendBody, limits } = this.try.trip;
    sendBody(request, limits.continueMs);
  }

  /** For the library's signatures; it uses nothing of it but what stands above. */
  asRequest(): IncomingMessage {
    return this as unknown as IncomingMessage;
  }
}

/** What http-proxy-middleware sees of the client's response, for one try: when to give up, and nothing to write. */
export class ResponseStandIn extends EventEmitter {
  readonly finished = false;
  readonly writableFinished = false;
  readonly headersSent = true;
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
  }

  /** The try is over: the library lets go of it, and destroys its request unless that has ended. */
  close(): void {
    this.destroyed = true;
    this.emit('close');
  }

  /** For the library's signatures, as above. */
  asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}
