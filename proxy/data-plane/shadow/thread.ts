import type { Worker } from 'node:worker_threads';

const PATIENCE_MS = 5000;

/** What the thread says to a job; null when it cannot say anything. */
export interface Reply<Said> {
  id: number;
  said: Said | null;
}

/** Has jobs done in a thread of its own, which is started when the first one comes. */
export class Thread<Job extends { id: number }, Said> {
  readonly #start: () => Worker;
  readonly #waiting = new Map<number, (said: Said | null) => void>();
  #worker: Worker | null = null;
  #lastId = 0;
  #isClosed = false;

  constructor(start: () => Worker) {
    this.#start = start;
  }

  get isRunning(): boolean {
    return this.#worker !== null;
  }

  /** How many jobs have no answer yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Null when it is closed, when the system allows no thread, when the job breaks it, or when it takes longer than 5 s.
   * Neither throws nor rejects.
   */
  ask(job: Omit<Job, 'id'>): Promise<Said | null> {
    const worker = this.#isClosed ? null : (this.#worker ??= this.#begin());
    if (!worker) return Promise.resolve(null);
    const id = (this.#lastId += 1);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.giveUp(), PATIENCE_MS).unref();
      this.#waiting.set(id, (said) => {
        clearTimeout(timer);
        resolve(said);
      });
      worker.postMessage({ ...job, id });
    });
  }

  /** Ends the thread, and answers null to whoever waits; the next job starts another. */
  giveUp(): void {
    void this.#worker?.terminate();
    this.#worker = null;
    for (const id of [...this.#waiting.keys()]) this.#answer({ id, said: null });
  }

  close(): void {
    this.#isClosed = true;
    this.giveUp();
  }

  #begin(): Worker | null {
    const worker = this.#started();
    if (!worker) return null;
    worker.unref();
    worker.on('message', (reply: Reply<Said>) => this.#answer(reply));
    worker.on('error', () => this.#worker === worker && this.giveUp());
    return worker;
  }

  #started(): Worker | null {
    try {
      return this.#start();
    } catch {
      return null;
    }
  }

  #answer({ id, said }: Reply<Said>): void {
    this.#waiting.get(id)?.(said);
    this.#waiting.delete(id);
  }
}
