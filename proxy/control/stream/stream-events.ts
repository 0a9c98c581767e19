import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { components } from '../api.gen.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { toProblem } from '../problem.ts';
import { EventLog, frameOf } from './event-log.ts';

type Schemas = components['schemas'];

export interface Pace {
  /** Least time between two readings of the status, in milliseconds. */
  atLeastMs: number;
  heartbeatMs: number;
}

interface Reader {
  response: Response;
  request: Request;
  /** The last event that it was sent. */
  seq: number;
  wantsRoutes: boolean;
}

/** Whether somebody who was let in still is. */
export type IsWelcome = (request: Request) => Promise<boolean>;

/**
 * What happens, as server-sent events: each entry of the journal and each step of a change of owner, in order and
 * none left out; and the whole status after each change. The status is read once for all readers, only while somebody
 * reads, and not more often than the pace allows. A reader takes from the log at its own speed: a slow one gets fewer
 * statuses, never a growing queue, and one for which the log is too short is told so by a `reset`.
 *
 * journal, steps ─────────────────────────────────┐
 * change → mark stale → (pace) → read status ─────┴→ log → every reader, from where it is
 */
export class EventStream {
  readonly #lifecycle: Lifecycle;
  readonly #logger: Logger;
  readonly #pace: Pace;
  readonly #isWelcome: IsWelcome;
  readonly #readers = new Set<Reader>();
  readonly #log: EventLog;
  readonly #stopFollowing: () => void;
  #stale = true;
  #reading = false;
  #pause: NodeJS.Timeout | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor(
    lifecycle: Lifecycle,
    logger: Logger,
    pace: Pace,
    isWelcome: IsWelcome = async () => true,
    log = new EventLog(randomBytes(6).toString('hex')),
  ) {
    this.#lifecycle = lifecycle;
    this.#logger = logger;
    this.#pace = pace;
    this.#isWelcome = isWelcome;
    this.#log = log;
    this.#stopFollowing = lifecycle.follow((happening) => {
      if (happening.kind === 'journal') this.#log.append('journal', happening.entry);
      else this.#log.append('step', happening.step);
      this.#sendToAll();
    });
  }

  /** Keeps sending to `response` until it goes away, from the event after `lastId` on. */
  attach(request: Request, response: Response, wantsRoutes = true): void {
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
    const reader = { request, response, seq: this.#log.newest, wantsRoutes };
    response.on('close', () => this.#detach(reader));
    this.#readers.add(reader);
    this.#position(reader, request.get('last-event-id') ?? '');
    if (this.#readers.size === 1) this.#start();
    this.#send(reader);
    this.#pump();
  }

  /** Ends every stream. */
  close(): void {
    this.#stopFollowing();
    for (const { response } of this.#readers) response.end();
  }

  /** A new reader begins with the newest status; one that was cut off, where it was. */
  #position(reader: Reader, lastId: string): void {
    const known = this.#log.positionOf(lastId);
    const whole = this.#log.whole();
    reader.seq = known ?? (whole ? whole.seq - 1 : this.#log.newest);
    // Whoever comes back wants to see at once that all is well again.
    if (lastId !== '') this.#stale = true;
    if (lastId !== '' && known === null) this.#reset(reader, 'the position is one of another process');
  }

  #reset(reader: Reader, why: string): void {
    const data: Schemas['ResetEvent'] = { why: `${why}: read anew what you show` };
    reader.response.write(frameOf(this.#log.idOf(reader.seq), 'reset', data));
  }

  #start(): void {
    this.#stale = true;
    this.#unsubscribe = this.#lifecycle.subscribe(() => {
      this.#stale = true;
      this.#pump();
    });
    this.#heartbeat = setInterval(() => this.#beat(), this.#pace.heartbeatMs);
  }

  #detach(reader: Reader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return;
    this.#unsubscribe?.();
    if (this.#heartbeat) clearInterval(this.#heartbeat);
    if (this.#pause) clearTimeout(this.#pause);
    this.#pause = null;
    // Nobody tells us of changes meanwhile: an old status must not greet the next reader.
    this.#log.dropWhole();
  }

  #pump(): void {
    if (!this.#stale || this.#reading || this.#pause || this.#readers.size === 0) return;
    this.#stale = false;
    this.#reading = true;
    void this.#readStatus().then((append) => {
      this.#reading = false;
      if (this.#readers.size === 0) return;
      append();
      this.#sendToAll();
      this.#pause = setTimeout(() => {
        this.#pause = null;
        this.#pump();
      }, this.#pace.atLeastMs);
    });
  }

  async #readStatus(): Promise<() => void> {
    try {
      const migrations = await this.#lifecycle.status();
      const data: Schemas['StatusEvent'] = { at: new Date().toISOString(), migrations };
      const lean = { ...data, migrations: migrations.map((one) => ({ ...one, routes: [] })) };
      return () => void this.#log.append('status', data, lean);
    } catch (error) {
      const problem = toProblem(error, this.#logger);
      return () => void this.#log.append('problem', problem);
    }
  }

  #sendToAll(): void {
    for (const reader of this.#readers) this.#send(reader);
  }

  #send(reader: Reader): void {
    const { response, wantsRoutes } = reader;
    while (!response.writableNeedDrain && !response.writableEnded) {
      const next = this.#log.after(reader.seq);
      if (next === null) return;
      if (next === 'lost') {
        reader.seq = this.#log.oldestPosition;
        this.#reset(reader, 'what happened meanwhile is not kept any more');
      } else {
        reader.seq = next.seq;
        response.write(wantsRoutes ? next.frame : next.lean);
      }
    }
    if (response.listenerCount('drain') === 0) response.once('drain', () => this.#send(reader));
  }

  /** Reads anew at each beat: what changes by itself (a lag, a share) is not announced by anybody. */
  #beat(): void {
    for (const { request, response } of this.#readers) {
      if (!response.writableNeedDrain) response.write(': heartbeat\n\n');
      void this.#isWelcome(request).then(
        (isWelcome) => isWelcome || response.end(),
        () => undefined,
      );
    }
    this.#stale = true;
    this.#pump();
  }
}
