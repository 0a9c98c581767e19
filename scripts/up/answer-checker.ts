import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CheckJob } from '../../migrations/contracts/answers/check-worker.ts';
import type { RecordedAnswer, Violation } from '../../migrations/contracts/answers/check.ts';
import { Thread } from '../../proxy/data-plane/shadow/thread.ts';

const WORKER = new URL(
  `../../migrations/contracts/answers/check-worker${extname(import.meta.url)}`,
  import.meta.url,
);
/** Answers that wait for the thread; more are not looked at. */
const MOST_WAITING = 32;

/**
 * Holds recorded answers to their documents, in a thread of its own: neither reading nor checking takes a moment of
 * whoever answers clients.
 */
export class AnswerChecker {
  #files: readonly string[];
  readonly #thread: Thread<CheckJob, Violation[]>;

  /** @param files the OpenAPI documents, by their paths */
  constructor(files: readonly string[]) {
    this.#files = files;
    this.#thread = new Thread(
      () => new Worker(WORKER, { workerData: this.#files, resourceLimits: { maxOldGenerationSizeMb: 128 } }),
    );
  }

  /** Reads the documents anew, also those that are the same files as before. */
  reconfigure(files: readonly string[]): void {
    this.#files = files;
    this.#thread.giveUp();
  }

  /**
   * What of an answer the document does not say.
   *
   * @returns null when it was not looked at: too many were waiting, or the document is of no use; never rejects
   */
  check(file: string, answer: RecordedAnswer): Promise<Violation[] | null> {
    return this.#thread.waiting < MOST_WAITING ? this.#thread.ask({ file, answer }) : Promise.resolve(null);
  }

  close(): void {
    this.#thread.close();
  }
}
