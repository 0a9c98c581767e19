import { forgetOldUnmatched } from '../../migrations/lifecycle/keep-usage.ts';
import { noteProgress, thinProgress } from '../../migrations/lifecycle/keep-progress.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { RouteTable } from '../../proxy/routes/table.ts';
import { countRoutes, routeShare } from './usage.ts';

const EACH_MS = 60_000;

/** Lets it be known since when routes are counted, and notes once a minute how much the services have taken over. */
export class ProgressNotes {
  readonly #store: ControlStore;
  readonly #journal: JournalFollower;
  readonly #isLeading: () => boolean;
  readonly #timer: NodeJS.Timeout;
  #table: RouteTable;

  constructor(store: ControlStore, journal: JournalFollower, table: RouteTable, isLeading: () => boolean) {
    this.#store = store;
    this.#journal = journal;
    this.#table = table;
    this.#isLeading = isLeading;
    this.#timer = setInterval(() => void this.#note().catch(() => undefined), EACH_MS);
    this.reconfigure(table);
    void this.#note().catch(() => undefined);
  }

  /** Routes that are new are counted from now on. */
  reconfigure(table: RouteTable): void {
    this.#table = table;
    void countRoutes(this.#store, table).catch(() => undefined);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** One process is enough: the one that leads. */
  async #note(): Promise<void> {
    if (!this.#isLeading()) return;
    await noteProgress(this.#store, routeShare({ journal: this.#journal, table: this.#table }));
    await thinProgress(this.#store);
    await forgetOldUnmatched(this.#store);
  }
}
