import { setTimeout as pause } from 'node:timers/promises';
import { SIDES } from './sides.ts';
import type { SideDatabase, SideName } from './sides.ts';
import type { Fault } from './workloads/workload.ts';
import { listAppend } from './workloads/list-append.ts';

const LOOK_MS = 150;
const SHOWN = 20;

/**
 * Looks at the lists of both sides all the time: on either side a list only grows at its end, whoever owns it. What is
 * applied in a wrong order and mended by a later change is seen by nothing else.
 */
export class Watch {
  readonly faults: Fault[] = [];
  looks = 0;
  private readonly seen: Record<SideName, Map<string, string>> = { monolith: new Map(), service: new Map() };
  private readonly own: Record<SideName, Map<string, string>> = { monolith: new Map(), service: new Map() };
  private readonly running: Promise<unknown>;
  private isEnding = false;
  private generation = 0;

  constructor(sides: Readonly<Record<SideName, SideDatabase>>) {
    this.running = Promise.all(SIDES.map((side) => this.look(sides[side])));
  }

  /** The side was emptied, by ourselves. */
  beginAnew(side: SideName): void {
    this.generation += 1;
    this.seen[side].clear();
    this.own[side].clear();
  }

  /** Holds what only one side knows to what it was when it was seen first. */
  compareOwn(side: SideName, own: ReadonlyMap<string, string>): Omit<Fault, 'workload'>[] {
    return [...own].flatMap(([key, value]) => {
      const before = this.own[side].get(key) ?? value;
      this.own[side].set(key, before);
      const what = `a column that only the ${side} has was "${before}" and is "${value}"`;
      return before === value ? [] : [{ kind: 'lost', side, key, what }];
    });
  }

  async stop(): Promise<void> {
    this.isEnding = true;
    await this.running;
  }

  private async look(database: SideDatabase): Promise<void> {
    while (!this.isEnding) {
      const { generation } = this;
      // A database that is away is looked at again later.
      const found = await database.read((sql) => listAppend.look(sql, database.side)).catch(() => null);
      if (found?.lists && generation === this.generation) this.compare(database.side, found.lists);
      await pause(LOOK_MS);
    }
  }

  private compare(side: SideName, lists: ReadonlyMap<string, readonly string[]>): void {
    this.looks += 1;
    const seen = this.seen[side];
    for (const [key, before] of seen) {
      const now = lists.get(key)?.join(' ');
      if (now === before || now?.startsWith(`${before} `)) continue;
      const what = `was "${before.slice(-120)}" and is "${(now ?? 'not there').slice(-120)}" a moment later`;
      if (this.faults.length < SHOWN)
        this.faults.push({ kind: 'reordered', side, workload: 'list-append', key, what });
    }
    for (const [key, items] of lists) seen.set(key, items.join(' '));
  }
}
