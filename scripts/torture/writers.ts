import { setTimeout as pause } from 'node:timers/promises';
import { NOT_DONE, perform } from './application.ts';
import type { Ledger, Write } from './ledger.ts';
import { NotDoneError } from './not-done.ts';
import type { Random } from './random.ts';
import { otherSide } from './sides.ts';
import type { SideDatabase, SideName } from './sides.ts';
import { WORKLOADS, workloadOf } from './workloads/all.ts';

const WRITERS = 8;
/** The last ones write past the proxy. */
const THROUGH_PROXY = 5;
const REST_MS = 12;
/** Changes that the follower may be behind before the writers slow down. */
const BEHIND = 60;
const COPYING = 20;
/** More than this, and they all but stop until it has caught up. */
const FAR_BEHIND = 500;
const FAR_BEHIND_COPYING = 100;
const SLOWEST = 250;
const ANSWER_MS = 8000;
/** One in so many writes past the proxy goes to the side that is not the owner: the fence has to refuse it. */
const STRAY = 30;

const CHOICES = WORKLOADS.flatMap((workload) => Array.from({ length: workload.share }, () => workload));

/** Eight writers that never stop by themselves. Each knows only what it was answered. */
export class Writers {
  private readonly ledger: Ledger;
  private readonly sides: Readonly<Record<SideName, SideDatabase>>;
  private readonly proxy: string;
  private readonly running: Promise<void>[];
  private resting = 0;
  private wishes = 0;
  private isEnding = false;
  private gate: Promise<void> = Promise.resolve();
  private open: () => void = () => undefined;
  /** Whom each writer past the proxy takes for the owner. */
  private readonly owners: SideName[] = Array.from({ length: WRITERS }, () => 'monolith');
  private mayStray = false;
  private slowness = COPYING;

  constructor(
    ledger: Ledger,
    sides: Readonly<Record<SideName, SideDatabase>>,
    proxy: string,
    random: Random,
  ) {
    this.ledger = ledger;
    this.sides = sides;
    this.proxy = proxy;
    this.running = Array.from({ length: WRITERS }, (_, i) => this.write(i, random.branch(`writer ${i}`)));
  }

  /** Resolves once no write is under way; none begins until there was a `resume` for each `rest`. */
  async rest(): Promise<void> {
    this.wishes += 1;
    if (this.wishes === 1) this.gate = new Promise((resolve) => (this.open = resolve));
    do await pause(5);
    while (this.resting < WRITERS);
  }

  resume(): void {
    this.wishes -= 1;
    if (this.wishes === 0) this.open();
  }

  /** Runs `work` while nobody writes. */
  async quietly<T>(work: () => Promise<T>): Promise<T> {
    await this.rest();
    try {
      return await work();
    } finally {
      this.resume();
    }
  }

  async stop(): Promise<void> {
    this.isEnding = true;
    this.wishes = 0;
    this.open();
    await Promise.all(this.running);
  }

  /** Keeps the load at what the follower can bear: a slow machine is not what is tortured. */
  pace({ state, lagChanges }: { state: string; lagChanges: number }): void {
    // While rows are copied, many changes come before the rows that they point to, and cost several attempts.
    const least = { live: 1, backfill: COPYING }[state] ?? SLOWEST;
    const far = state === 'live' ? FAR_BEHIND : FAR_BEHIND_COPYING;
    this.slowness = lagChanges > far ? SLOWEST : Math.max(least, lagChanges / BEHIND);
  }

  /** Only a side that follows has a fence: before and after the sync nobody may try it. */
  letStray(mayStray: boolean): void {
    this.mayStray = mayStray;
    if (!mayStray) this.owners.fill('monolith');
  }

  /** Resolves once so many more writes are acknowledged. */
  async more(count: number): Promise<void> {
    const wanted = this.ledger.acknowledged + count;
    while (!this.isEnding && this.ledger.acknowledged < wanted) await pause(10);
  }

  private async write(writer: number, random: Random): Promise<void> {
    for (let nth = 0; !this.isEnding; nth += 1) {
      while (this.wishes > 0) {
        this.resting += 1;
        await this.gate;
        this.resting -= 1;
      }
      const write = random.pick(CHOICES).next(random, `w${writer}-${nth}`, nth);
      if (writer < THROUGH_PROXY) await this.ask(write);
      else {
        const owner = this.owners[writer] ?? 'monolith';
        const isStray = random.below(STRAY) === 0 && this.mayStray;
        const isFenced = await this.writePast(write, isStray ? otherSide(owner) : owner);
        if (isFenced !== isStray && this.mayStray) this.owners[writer] = otherSide(owner);
      }
      await pause(random.below(REST_MS * 2) * this.slowness);
    }
  }

  private async ask(write: Write): Promise<void> {
    const entry = this.ledger.begin(write, workloadOf(write.workload).effects(write), 'the proxy');
    try {
      const response = await fetch(`${this.proxy}/w/${write.workload}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(write),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      await response.arrayBuffer();
      const notDone = response.headers.get(NOT_DONE);
      if (response.status === 201) this.ledger.acknowledge(entry);
      else if (notDone) this.ledger.strike(entry, notDone === 'fenced');
      else this.ledger.leaveOpen(entry);
    } catch {
      this.ledger.leaveOpen(entry);
      await pause(50);
    }
  }

  /** @returns whether the fence refused it */
  private async writePast(write: Write, side: SideName): Promise<boolean> {
    const entry = this.ledger.begin(write, workloadOf(write.workload).effects(write), `a job at the ${side}`);
    try {
      await perform(this.sides[side], write);
      this.ledger.acknowledge(entry);
      return false;
    } catch (error) {
      if (error instanceof NotDoneError) this.ledger.strike(entry, error.isFenced);
      else this.ledger.leaveOpen(entry);
      await pause(20);
      return error instanceof NotDoneError && error.isFenced;
    }
  }
}
