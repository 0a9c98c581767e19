import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { compare, haveSameBody, sizeOf, type Answer } from './compare.ts';
import type { Job } from './compare-worker.ts';
import type { Difference } from './found.ts';
import { compileRules, type Rules } from './rules.ts';
import type { ShadowSettings } from './schema.ts';
import { Thread } from './thread.ts';

/** Above this, JSON takes long enough that a client would feel it; paths and lists without order take longer. */
const LARGEST_ON_LOOP = 16 * 1024;
const LARGEST_OF_COSTLY_RULES = 4 * 1024;
const WORKER = new URL(`./compare-worker${extname(import.meta.url)}`, import.meta.url);

type Compared = Difference[] | null;

/** Compares small answers at once, and large ones in a thread of their own that is started when it is needed. */
export class Comparer {
  readonly #rules = new WeakMap<ShadowSettings, Rules>();
  readonly #thread = new Thread<Job, Difference[]>(
    () => new Worker(WORKER, { resourceLimits: { maxOldGenerationSizeMb: 256 } }),
  );

  /** How many threads run for it: one, once there was something large. */
  get threads(): number {
    return this.#thread.isRunning ? 1 : 0;
  }

  /** Null when it could not be found out in time. A promise only where the thread has to be asked; never rejects. */
  compare(monolith: Answer, service: Answer, settings: ShadowSettings): Compared | Promise<Compared> {
    try {
      const rules = this.rulesOf(settings);
      const isSmall = Math.max(sizeOf(monolith), sizeOf(service)) <= largestOnLoop(rules);
      if (isSmall || haveSameBody(monolith, service)) return compare(monolith, service, rules);
    } catch {
      return null;
    }
    return this.#thread.ask({ monolith: sent(monolith), service: sent(service), settings });
  }

  /** The rules of settings, prepared once. */
  rulesOf(settings: ShadowSettings): Rules {
    let rules = this.#rules.get(settings);
    if (!rules) this.#rules.set(settings, (rules = compileRules(settings)));
    return rules;
  }

  close(): void {
    this.#thread.close();
  }
}

/** What a thread can be sent: nothing with methods. */
function sent({ status, headers, body }: Answer): Answer {
  return { status, headers, body };
}

function largestOnLoop({ ignored, unordered, allUnordered }: Rules): number {
  const isCostly = allUnordered || ignored.length + unordered.length > 0;
  return isCostly ? LARGEST_OF_COSTLY_RULES : LARGEST_ON_LOOP;
}
