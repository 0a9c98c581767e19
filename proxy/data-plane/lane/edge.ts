import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { newExchange, type Attempt, type Carrier, type Exchange, type Outcome } from '../exchange.ts';
import type { Destination, HeaderPair, Problem } from '../exchange.ts';
import type { LaneCounts } from '../observe/lanes.ts';
import type { Forwarder } from './forward.ts';
import type { TrustedProxies } from './forwarded.ts';
import { announcedBytes, isUploading, lingerAfter } from './linger.ts';
import { outgoing, tripOf, type Outgoing, type OutgoingSettings } from './outgoing.ts';
import { problemOfRequest, writeProblem } from './problems.ts';
import { bodyTooLong, headOf, readTarget } from './request-head.ts';
import { watchClient } from './slow-clients.ts';
import type { Trip } from './try.ts';
import { sendUpload } from './upload.ts';

/** What the general lane needs to turn node's requests into plain values and back. */
export interface EdgeParts {
  forwarder: Forwarder;
  trusted: TrustedProxies;
  settings: OutgoingSettings;
  isClosing: () => boolean;
  lanes: LaneCounts;
  /** Takes an exchange through the stages; never throws. */
  carryOut: (exchange: Exchange) => void;
}

/** Takes a request from node:http into the stages. */
export function receive(res: ServerResponse, expectsContinue: boolean, parts: EdgeParts): void {
  const { method = 'GET' } = res.req;
  const send = (trip: Trip): Promise<Attempt> => parts.forwarder.forward(method, res, trip);
  begin(new NodeCarrier(res, parts, { send, expectsContinue }));
}

/** Takes a WebSocket handshake into the stages. */
export function receiveUpgrade(req: IncomingMessage, socket: Socket, head: Buffer, parts: EdgeParts): void {
  // An error that nobody listens to would end the process.
  socket.on('error', () => socket.destroy());
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  // Node has let go of this connection, so nobody else tells the response that there is room again.
  socket.on('drain', () => res.emit('drain'));
  res.once('finish', () => socket.destroySoon());
  const send = (trip: Trip): Promise<Attempt> => parts.forwarder.upgrade({ socket, head, res }, trip);
  const carrier = new NodeCarrier(res, parts, { send, expectsContinue: false });
  if (announcedBytes(req) === 0) begin(carrier);
  else carrier.answer(problemOfRequest('it asks for a WebSocket and has a body'));
}

function begin(carrier: NodeCarrier): void {
  const { res, parts } = carrier;
  const { clients } = parts.settings;
  parts.lanes.general += 1;
  const target = readTarget(res.req, clients);
  if ('status' in target) {
    // Where the next request begins is not sure.
    res.setHeader('connection', 'close');
    return carrier.answer(target);
  }
  const exchange = newExchange(headOf(res.req, target, parts.trusted), carrier);
  watchClient(res, clients, (problem) => carrier.answer(problem, exchange.answerHeaders));
  parts.carryOut(exchange);
}

/** Answers with a problem, whatever of the request is still to come, or breaks off an answer that has begun. */
export function answerWith(
  res: ServerResponse,
  problem: Problem,
  headers: readonly HeaderPair[],
  lingerMs: number,
): void {
  if (res.headersSent) return void res.destroy();
  if (isUploading(res.req)) {
    res.setHeader('connection', 'close');
    lingerAfter(res, lingerMs);
  }
  writeProblem(res, problem, headers);
}

/** Not once the proxy itself has answered, because the body broke for example: node throws then. */
function askForBody(res: ServerResponse): void {
  if (!res.headersSent) res.writeContinue();
}

/** How one kind of request goes on. */
interface Way {
  send: (trip: Trip) => Promise<Attempt>;
  /** The client keeps its body until it is asked for it. */
  expectsContinue: boolean;
}

/** Carries one request of node:http. Settings are read when they are needed: a write may have waited for newer ones. */
class NodeCarrier implements Carrier {
  readonly res: ServerResponse;
  readonly parts: EdgeParts;
  readonly #way: Way;
  #sent: Outgoing | null = null;

  constructor(res: ServerResponse, parts: EdgeParts, way: Way) {
    this.res = res;
    this.parts = parts;
    this.#way = way;
  }

  forward(exchange: Exchange, destination: Destination): void {
    const { settings, isClosing } = this.parts;
    const way = { settings, isClosing, sendBody: this.#sendBody(exchange) };
    const sent = this.#way.send(tripOf(this.res, exchange, destination, this.#outgoing(), way));
    sent.then(
      (attempt) => destination.ended(attempt),
      (error: unknown) => destination.broke(error),
    );
  }

  refuse(problem: Problem, headers: readonly HeaderPair[]): Promise<Outcome> {
    const { res } = this;
    if (res.destroyed) return Promise.resolve({ status: 0, failed: false, firstByteMs: null });
    const closed = new Promise<Outcome>((resolve) => {
      res.once('close', () => resolve({ status: problem.status, failed: true, firstByteMs: null }));
    });
    this.answer(problem, headers);
    return closed;
  }

  sentHeaders(): Outgoing['headers'] {
    return this.#outgoing().headers;
  }

  onClientGone(left: () => void): () => void {
    const { res } = this;
    if (res.destroyed) {
      left();
      return () => undefined;
    }
    res.once('close', left);
    return () => res.off('close', left);
  }

  answer(problem: Problem, headers: readonly HeaderPair[] = []): void {
    answerWith(this.res, problem, headers, this.parts.settings.clients.lingerMs);
  }

  #outgoing(): Outgoing {
    const { req } = this.res;
    return (this.#sent ??= outgoing(req, this.parts.trusted.includes(req.socket.remoteAddress ?? '')));
  }

  #sendBody(exchange: Exchange): Trip['sendBody'] {
    const { res } = this;
    const { maxBodyBytes } = this.parts.settings.clients;
    return (request, continueMs) =>
      sendUpload(request, {
        req: res.req,
        bytes: exchange.request.bodyBytes,
        expectation: this.#way.expectsContinue ? { continueMs, ask: () => askForBody(res) } : null,
        maxBytes: maxBodyBytes,
        tooLong: () => this.answer(bodyTooLong(maxBodyBytes), exchange.answerHeaders),
        isOurs: (name) => exchange.upstreamHeaders.some(([own]) => own.toLowerCase() === name.toLowerCase()),
      });
  }
}
