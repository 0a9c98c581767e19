import type { Kind } from '../../../routes/route.ts';
import type { Exchange, Outcome } from '../../exchange.ts';
import { timeNow } from '../../moment.ts';
import { Buckets } from './buckets.ts';

/** Class of a status; `none` for a client that left before it got one. */
export type StatusClass = 'none' | '1xx' | '2xx' | '3xx' | '4xx' | '5xx';

const CLASSES: readonly StatusClass[] = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'];

/** Requests of one kind that one side was asked. */
export class AnsweredCounts {
  failed = 0;
  readonly duration = new Buckets();
  readonly firstByte = new Buckets();
  readonly #byClass = new Float64Array(CLASSES.length);

  record({ status, failed, firstByteMs }: Outcome): void {
    const at = Math.min(Math.floor(status / 100), CLASSES.length - 1);
    this.#byClass[at] = (this.#byClass[at] ?? 0) + 1;
    if (failed) this.failed += 1;
    if (firstByteMs !== null) this.firstByte.record(firstByteMs);
  }

  /** How often each class of status came; those that never came are left out. */
  byClass(): [StatusClass, number][] {
    return CLASSES.map((name, at): [StatusClass, number] => [name, this.#byClass[at] ?? 0]).filter(
      ([, count]) => count > 0,
    );
  }
}

/** Everything that is counted for one migration. */
export class MigrationCounts {
  readonly monolith: Readonly<Record<Kind, AnsweredCounts>> = pair();
  readonly service: Readonly<Record<Kind, AnsweredCounts>> = pair();
  readonly hold = new Buckets();
  fellBack = 0;
  /** Answers that the proxy gave by itself, by status. */
  readonly refused = new Map<number, number>();
}

/** Counts requests for Prometheus: by migration, side, kind and class of status, so that its size is bounded. */
export class RequestCounts {
  readonly #migrations = new Map<string, MigrationCounts>();
  readonly unmatched = new AnsweredCounts();
  /** Refused at the door, where a route makes no difference. */
  readonly refusedUnmatched = new Map<number, number>();

  /** Records one exchange that has ended. */
  record(exchange: Exchange): void {
    const { match, decision, heldMs, problem, outcome, fellBack } = exchange;
    if (!outcome) return;
    const durationMs = timeNow() - exchange.startedAt;
    const counts = match ? this.of(match.migration) : null;
    if (problem) addOne(counts?.refused ?? this.refusedUnmatched, problem.status);
    if (heldMs !== null) counts?.hold.record(heldMs);
    if (problem) return;
    if (!match || !counts) return add(this.unmatched, outcome, durationMs);
    // Nobody was asked when the client left while it waited.
    if (decision.waits) return;
    if (fellBack) {
      counts.fellBack += 1;
      counts[decision.side][match.kind].record(fellBack);
    }
    add(counts[fellBack ? 'monolith' : decision.side][match.kind], outcome, durationMs);
  }

  of(migration: string): MigrationCounts {
    let counts = this.#migrations.get(migration);
    if (!counts) this.#migrations.set(migration, (counts = new MigrationCounts()));
    return counts;
  }
}

function addOne(counts: Map<number, number>, status: number): void {
  counts.set(status, (counts.get(status) ?? 0) + 1);
}

function add(counts: AnsweredCounts, outcome: Outcome, durationMs: number): void {
  counts.record(outcome);
  counts.duration.record(durationMs);
}

function pair(): Record<Kind, AnsweredCounts> {
  return { reads: new AnsweredCounts(), writes: new AnsweredCounts() };
}
