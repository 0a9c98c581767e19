/** One write as a writer sends it: everything that it does follows from this. */
export interface Write {
  /** Unique; each row that the write touches carries it. */
  op: string;
  workload: string;
  kind: string;
  args: readonly number[];
}

/** What a write does to a register (a row, or what belongs together): it leaves its mark there, or nothing. */
export interface Effect {
  key: string;
  /** `write`: this write is the last now; `delete`: nothing is there; `append`: it comes behind those before it. */
  does: 'write' | 'delete' | 'append';
}

export interface Entry {
  write: Write;
  effects: readonly Effect[];
  /** Place in the order of all that the writers saw. */
  sent: number;
  /** When its outcome was known; Infinity while it is open: it may still happen. */
  done: number;
  outcome: 'open' | 'acknowledged' | 'unknown';
  /** Through which door it went. */
  by: string;
}

/** The write that made what was there before the first one. */
export const INITIAL = 'initial';

/**
 * What every writer knows of its writes, in one order. No clock takes part: a write that was acknowledged before
 * another was sent comes before it, and nothing else is known of the order of two writes.
 */
export class Ledger {
  acknowledged = 0;
  unknown = 0;
  notDone = 0;
  fenced = 0;
  private now = 0;
  private readonly byKey = new Map<string, Entry[]>();
  private readonly byOp = new Map<string, Entry>();

  begin(write: Write, effects: readonly Effect[], by: string): Entry {
    const entry: Entry = {
      write,
      effects,
      sent: (this.now += 1),
      done: Infinity,
      outcome: 'open',
      by,
    };
    this.byOp.set(write.op, entry);
    for (const { key } of effects) this.at(write.workload, key).push(entry);
    return entry;
  }

  /** What was there before anybody wrote. */
  initial(workload: string, effects: readonly Effect[]): void {
    const write = { op: INITIAL, workload, kind: INITIAL, args: [] };
    const entry: Entry = { write, effects, sent: 0, done: 0, outcome: 'acknowledged', by: INITIAL };
    for (const { key } of effects) this.at(workload, key).push(entry);
  }

  acknowledge(entry: Entry): void {
    entry.done = this.now += 1;
    entry.outcome = 'acknowledged';
    this.acknowledged += 1;
    for (const { key, does } of entry.effects) {
      if (does !== 'append') this.forgetOlder(entry.write.workload, key, entry);
    }
  }

  /** It got no answer, or one that leaves it open. It may still happen, at any later time. */
  leaveOpen(entry: Entry): void {
    entry.outcome = 'unknown';
    this.unknown += 1;
  }

  /** It did not happen. */
  strike(entry: Entry, isFenced: boolean): void {
    this.notDone += 1;
    if (isFenced) this.fenced += 1;
    this.byOp.delete(entry.write.op);
    for (const { key } of entry.effects) {
      const entries = this.at(entry.write.workload, key);
      entries.splice(entries.indexOf(entry), 1);
    }
  }

  /** The writes of which one must be the last at this register; of a list, all. */
  candidates(workload: string, key: string): readonly Entry[] {
    return this.byKey.get(`${workload} ${key}`) ?? [];
  }

  keysOf(workload: string): string[] {
    const prefix = `${workload} `;
    return [...this.byKey.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  }

  find(op: string): Entry | undefined {
    return this.byOp.get(op);
  }

  /** No write of a key can be the last any more when an acknowledged one was sent after it was done. */
  private forgetOlder(workload: string, key: string, newer: Entry): void {
    const entries = this.at(workload, key);
    const kept = entries.filter((entry) => entry.done >= newer.sent);
    entries.splice(0, entries.length, ...kept);
  }

  private at(workload: string, key: string): Entry[] {
    const name = `${workload} ${key}`;
    const entries = this.byKey.get(name) ?? [];
    this.byKey.set(name, entries);
    return entries;
  }
}
