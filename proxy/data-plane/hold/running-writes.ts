import type { Side } from '../exchange.ts';
import type { Standings } from '../standing.ts';

interface RunningWrite {
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

  /**
   * True when nothing older than `standings` is running that it forbids: no write of a migration that is held,
   * and none on its way to a side that is not the owner any more.
   */
  allFollow(standings: Standings): boolean {
    for (const write of this.#running) {
      if (write.seq >= standings.seq) continue;
      const standing = standings.byMigration.get(write.migration);
      if (standing?.holdWrites || (standing?.owner ?? 'monolith') !== write.side) return false;
    }
    return true;
  }
}
