import type { Side } from '../exchange.ts';
import type { Standings } from '../standing.ts';

/** A write that was sent on, to which side, and on which journal position that was decided. */
export interface RunningWrite {
  migration: string;
  side: Side;
  seq: number;
}

/** The writes that were sent on and have not ended, with the journal position each was decided on. */
export class RunningWrites {
  readonly #running = new Set<RunningWrite>();
  #ended: () => void = () => undefined;

  /** Counts a write as running; the returned function ends it and may be called more than once. */
  begin(migration: string, side: Side, seq: number): () => void {
    const write = { migration, side, seq };
    this.#running.add(write);
    return () => {
      if (this.#running.delete(write)) this.#ended();
    };
  }

  /** Calls back whenever a write has ended. */
  onEnd(ended: () => void): void {
    this.#ended = ended;
  }

  count(migration: string): number {
    let count = 0;
    for (const write of this.#running) if (write.migration === migration) count += 1;
    return count;
  }

  /** True when nothing is running that `standings` forbids. */
  allFollow(standings: Standings): boolean {
    for (const write of this.#running) if (!mayGoOn(write, standings)) return false;
    return true;
  }
}

/**
 * Whether a newer picture lets a write go on that was decided on an older one: not while writes of its migration are
 * held, nor when it is on its way to a side that is not the owner any more.
 */
export function mayGoOn(write: RunningWrite, standings: Standings): boolean {
  if (write.seq >= standings.seq) return true;
  const standing = standings.byMigration.get(write.migration);
  return !standing?.holdWrites && (standing?.owner ?? 'monolith') === write.side;
}
