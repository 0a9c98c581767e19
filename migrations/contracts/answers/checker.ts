import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CheckJob, CheckReply } from './check-worker.ts';
import type { RecordedAnswer, Violation } from './check.ts';

const WORKER = new URL(`./check-worker${extname(import.meta.url)}`, import.meta.url);
/** Answers that wait for the thread; more are not looked at. */
const MOST_WAITING = 32;
const PATIENCE_MS = 5000;

/**
 * Holds recorded answers to their documents, in a thread of its own that is started when the first one comes: neither
 * reading nor checking takes a moment of whoever answers clients.
 */
export class AnswerChecker {
  #files: readonly string[];
  #worker: Worker | null = null;
  readonly #waiting = new Map<number, (violations: Violation[] | null) => void>();
  #lastId = 0;
  #isClosed = false;

  /** @param files the OpenAPI documents, by their paths */
  constructor(files: readonly string[]) {
    this.#files = files;
  }

  /** Reads the documents anew, also those that are the same files as before. */
  reconfigure(files: readonly string[]): void {
    this.#files = files;
    this.#end();
  }

  /**
   * What of an answer the document does not say.
   *
   * @returns null when it was not looked at: too many were waiting, or the document is of no use; never rejects
   */
  check(file: string, answer: RecordedAnswer): Promise<Violation[] | null> {
    if (this.#isClosed || this.#waiting.size >= MOST_WAITING) return Promise.resolve(null);
    const worker = (this.#worker ??= this.#start());
    const id = (this.#lastId += 1);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end(), PATIENCE_MS).unref();
      this.#waiting.set(id, (violations) => {
        clearTimeout(timer);
        resolve(violations);
      });
      worker.postMessage({ id, file, answer } satisfies CheckJob);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  #start(): Worker {
    const options = { workerData: this.#files, resourceLimits: { maxOldGenerationSizeMb: 128 } };
    const worker = new Worker(WORKER, options);
    worker.unref();
    worker.on('message', ({ id, violations }: CheckReply) => this.#answer(id, violations));
    // An answer that breaks the worker is given up; the next one starts another.
    worker.on('error', () => this.#worker === worker && this.#end());
    return worker;
  }

  #end(): void {
    void this.#worker?.terminate();
    this.#worker = null;
    for (const id of [...this.#waiting.keys()]) this.#answer(id, null);
  }

  #answer(id: number, violations: Violation[] | null): void {
    this.#waiting.get(id)?.(violations);
    this.#waiting.delete(id);
  }
}
