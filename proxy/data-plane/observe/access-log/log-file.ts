import { once } from 'node:events';
import { fstatSync, mkdirSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import pino from 'pino';
import type { ProxyLogger } from '../observers.ts';

type Destination = ReturnType<typeof pino.destination>;

const STREAMS: Readonly<Record<string, number>> = { stdout: 1, stderr: 2 };
/** What is kept while the other end takes nothing. Lines above it are dropped, for no request waits for its log. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
const FLUSH_MS = 200;
const LOOK_MS = 1000;
const CLOSE_MS = 2000;
const COMPLAIN_MS = 60_000;

/** Where lines are written to: in the background, in pieces, never holding a request up. */
export class LogFile {
  readonly #to: string;
  readonly #logger: ProxyLogger;
  /** Null while the file cannot be opened. */
  #opened: { fd: number; stream: Destination } | null;
  #looking: NodeJS.Timeout | undefined;
  #isClosed = false;
  #mayComplainAt = 0;

  /** @param to `stdout`, `stderr` or a path */
  constructor(to: string, logger: ProxyLogger) {
    this.#to = to;
    this.#logger = logger;
    this.#opened = this.#open();
    if (!(to in STREAMS)) this.#looking = setInterval(() => void this.#follow(), LOOK_MS).unref();
  }

  write(line: string): void {
    this.#opened?.stream.write(line);
  }

  /** Writes what is left and closes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
    const opened = this.#opened;
    this.#opened = null;
    if (opened) await end(opened.stream);
  }

  #open(): { fd: number; stream: Destination } | null {
    try {
      const fd = STREAMS[this.#to] ?? openFile(this.#to);
      const stream = pino.destination({
        dest: fd,
        sync: false,
        minLength: 4096,
        maxLength: MAX_KEPT_BYTES,
        periodicFlush: FLUSH_MS,
      });
      stream.on('error', (error: Error) => this.#complain(error.message));
      stream.on('drop', () => this.#complain('it takes lines more slowly than they come'));
      return { fd, stream };
    } catch (error) {
      this.#complain(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  /** Whoever rotates logs moves the file away; nobody has to send a signal for the next one to begin. */
  async #follow(): Promise<void> {
    const there = await stat(this.#to).catch(() => null);
    const before = this.#opened;
    if (this.#isClosed) return;
    if (before && there && fstatSync(before.fd).ino === there.ino) return;
    const next = this.#open();
    if (!next) return;
    this.#opened = next;
    if (before) await end(before.stream);
  }

  #complain(why: string): void {
    const now = performance.now();
    if (now < this.#mayComplainAt) return;
    this.#mayComplainAt = now + COMPLAIN_MS;
    this.#logger.warn({ to: this.#to, why }, 'the access log loses lines');
  }
}

function openFile(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, 'a');
}

async function end(stream: Destination): Promise<void> {
  const closed = once(stream, 'close', { signal: AbortSignal.timeout(CLOSE_MS) });
  stream.end();
  // Whoever does not take the rest in time must not keep the process.
  await closed.catch(() => stream.destroy());
}
