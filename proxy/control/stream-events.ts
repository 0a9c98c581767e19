import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { components } from './api.gen.ts';
import type { Lifecycle } from './lifecycle.ts';
import { toProblem } from './problem.ts';

type StatusEvent = components['schemas']['StatusEvent'];

export interface Pace {
  /** Least time between two events, in milliseconds. */
  atLeastMs: number;
  heartbeatMs: number;
}

/**
 * The status as server-sent events. It is read once for all readers, only while somebody reads, and not more
 * often than the pace allows; a reader too slow for that gets fewer events, never a growing queue.
 *
 * change → mark stale → (pace) → read status → frame → every reader
 */
export class EventStream {
  readonly #lifecycle: Lifecycle;
  readonly #logger: Logger;
  readonly #pace: Pace;
  readonly #readers = new Set<Response>();
  /** Ids grow across restarts too, so a reader can tell new from old. */
  #id = Date.now();
  #frame: string | null = null;
  #stale = true;
  #reading = false;
  #pause: NodeJS.Timeout | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor(lifecycle: Lifecycle, logger: Logger, pace: Pace) {
    this.#lifecycle = lifecycle;
    this.#logger = logger;
    this.#pace = pace;
  }

  /** Keeps sending to `response` until it goes away. */
  attach(request: Request, response: Response): void {
    response.set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'X-Accel-Buffering': 'no',
      // A stream ends only when one of us goes: nothing to keep alive, and nothing to wait for in `close`.
      Connection: 'close',
    });
    response.flushHeaders();
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.on('close', () => this.#detach(response));
    this.#readers.add(response);
    if (this.#readers.size === 1) this.#start();
    else if (this.#frame !== null) response.write(this.#frame);
    this.#pump();
  }

  /** Ends every stream; readers that connect later start it anew. */
  close(): void {
    for (const reader of this.#readers) reader.end();
  }

  #start(): void {
    this.#stale = true;
    this.#unsubscribe = this.#lifecycle.subscribe(() => {
      this.#stale = true;
      this.#pump();
    });
    this.#heartbeat = setInterval(() => this.#beat(), this.#pace.heartbeatMs);
  }

  #detach(response: Response): void {
    if (!this.#readers.delete(response) || this.#readers.size > 0) return;
    this.#unsubscribe?.();
    if (this.#heartbeat) clearInterval(this.#heartbeat);
    if (this.#pause) clearTimeout(this.#pause);
    this.#pause = null;
    // Nobody told us of changes meanwhile: an old frame must not greet the next reader.
    this.#frame = null;
  }

  #pump(): void {
    if (!this.#stale || this.#reading || this.#pause || this.#readers.size === 0) return;
    this.#stale = false;
    this.#reading = true;
    void this.#readFrame().then((frame) => {
      this.#reading = false;
      if (this.#readers.size === 0) return;
      this.#frame = frame;
      this.#sendToAll(frame);
      this.#pause = setTimeout(() => {
        this.#pause = null;
        this.#pump();
      }, this.#pace.atLeastMs);
    });
  }

  async #readFrame(): Promise<string> {
    try {
      const migrations = await this.#lifecycle.status();
      const data: StatusEvent = { at: new Date().toISOString(), migrations };
      return this.#toFrame('status', data);
    } catch (error) {
      return this.#toFrame('problem', toProblem(error, this.#logger));
    }
  }

  #toFrame(event: string, data: unknown): string {
    this.#id += 1;
    return `id: ${this.#id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  }

  #sendToAll(frame: string): void {
    for (const reader of this.#readers) {
      if (!reader.writableNeedDrain) reader.write(frame);
      else if (reader.listenerCount('drain') === 0)
        reader.once('drain', () => this.#frame && reader.write(this.#frame));
    }
  }

  /** Reads anew at each beat: what changes by itself (a lag, a share) is not announced by anybody. */
  #beat(): void {
    for (const reader of this.#readers) if (!reader.writableNeedDrain) reader.write(': heartbeat\n\n');
    this.#stale = true;
    this.#pump();
  }
}
