import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { compare, type Answer } from './compare.ts';
import type { Job } from './compare-worker.ts';
import type { Difference } from './found.ts';
import { compileRules, type Rules } from './rules.ts';
import type { ShadowSettings } from './schema.ts';

/** Above this, JSON takes long enough that a client would feel it; paths and lists without order take longer. */
const LARGEST_ON_LOOP = 16 * 1024;
const LARGEST_OF_COSTLY_RULES = 4 * 1024;
const PATIENCE_MS = 5000;
const WORKER = new URL(`./compare-worker${extname(import.meta.url)}`, import.meta.url);

interface Reply {
  id: number;
  differences: Difference[];
}

/** Compares small answers at once, and large ones in a thread of their own that is started when it is needed. */
export class Comparer {
  readonly #rules = new WeakMap<ShadowSettings, Rules>();
  readonly #waiting = new Map<number, (differences: Difference[] | null) => void>();
  #worker: Worker | null = null;
  #lastId = 0;
  #isClosed = false;

  /** How many threads run for it: one, once there was something large. */
  get threads(): number {
    return this.#worker ? 1 : 0;
  }

  /** Null when it could not be found out in time. Never rejects. */
  async compare(monolith: Answer, service: Answer, settings: ShadowSettings): Promise<Difference[] | null> {
    try {
      const rules = this.rulesOf(settings);
      const size = Math.max(monolith.body.length, service.body.length);
      const isEqual = Buffer.compare(monolith.body, service.body) === 0;
      if (isEqual || size <= largestOnLoop(rules)) return compare(monolith, service, rules);
    } catch {
      return null;
    }
    return this.#compareInWorker({ monolith, service, settings });
  }

  /** The rules of settings, prepared once. */
  rulesOf(settings: ShadowSettings): Rules {
    let rules = this.#rules.get(settings);
    if (!rules) this.#rules.set(settings, (rules = compileRules(settings)));
    return rules;
  }

  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  #compareInWorker(job: Omit<Job, 'id'>): Promise<Difference[] | null> {
    if (this.#isClosed) return Promise.resolve(null);
    const worker = (this.#worker ??= this.#start());
    const id = (this.#lastId += 1);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end(), PATIENCE_MS).unref();
      this.#waiting.set(id, (differences) => {
        clearTimeout(timer);
        resolve(differences);
      });
      worker.postMessage({ ...job, id } satisfies Job);
    });
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { resourceLimits: { maxOldGenerationSizeMb: 256 } });
    worker.unref();
    worker.on('message', ({ id, differences }: Reply) => this.#answer(id, differences));
    // A comparison that breaks the worker is given up; the next one starts another.
    worker.on('error', () => this.#worker === worker && this.#end());
    return worker;
  }

  #end(): void {
    void this.#worker?.terminate();
    this.#worker = null;
    for (const id of [...this.#waiting.keys()]) this.#answer(id, null);
  }

  #answer(id: number, differences: Difference[] | null): void {
    this.#waiting.get(id)?.(differences);
    this.#waiting.delete(id);
  }
}

function largestOnLoop({ ignored, unordered, allUnordered }: Rules): number {
  const isCostly = allUnordered || ignored.length + unordered.length > 0;
  return isCostly ? LARGEST_OF_COSTLY_RULES : LARGEST_ON_LOOP;
}
