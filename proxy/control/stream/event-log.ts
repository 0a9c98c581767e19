/** One event as it goes over the wire. */
export interface LoggedEvent {
  /** Counted from 1. */
  seq: number;
  kind: string;
  frame: string;
  /** The same without the routes of each migration, where it has any. */
  lean: string;
}

export interface LogBounds {
  events: number;
  /** Characters of all frames together. */
  size: number;
}

const BOUNDS: LogBounds = { events: 5000, size: 16 * 1024 * 1024 };

/**
 * The newest events, in their order and within bounds, for readers that were cut off. Of the whole status only the
 * newest is kept: it says all that those before it said.
 */
export class EventLog {
  /** Tells this log's ids from those of another process, or of this one before it was restarted. */
  readonly #name: string;
  readonly #bounds: LogBounds;
  readonly #events: LoggedEvent[] = [];
  #size = 0;
  #newest = 0;
  /** The newest one that is not kept any more, and that no later one makes up for. */
  #lost = 0;

  constructor(name: string, bounds: LogBounds = BOUNDS) {
    this.#name = name;
    this.#bounds = bounds;
  }

  get newest(): number {
    return this.#newest;
  }

  /** @param lean what the event says to readers that want no routes; the same when left out */
  append(kind: string, data: unknown, lean?: unknown): LoggedEvent {
    this.#newest += 1;
    const frame = this.#frameOf(kind, data);
    const event = { seq: this.#newest, kind, frame, lean: lean ? this.#frameOf(kind, lean) : frame };
    if (isWhole(kind)) this.dropWhole();
    this.#events.push(event);
    this.#size += sizeOf(event);
    while (this.#events.length > this.#bounds.events || this.#size > this.#bounds.size) {
      if (this.#events.length <= 1) break;
      const [oldest] = this.#events;
      if (oldest && this.#remove(0) && !isWhole(oldest.kind)) this.#lost = oldest.seq;
    }
    return event;
  }

  /** Forgets the newest status: nobody keeps it current any more. */
  dropWhole(): void {
    const at = this.#events.findIndex(({ kind }) => isWhole(kind));
    if (at >= 0) this.#remove(at);
  }

  /** The newest status; null when there is none. */
  whole(): LoggedEvent | null {
    return this.#events.find(({ kind }) => isWhole(kind)) ?? null;
  }

  /** The first event after `seq`; null when there is none yet, `lost` when one is missing in between. */
  after(seq: number): LoggedEvent | 'lost' | null {
    if (seq < this.#lost) return 'lost';
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return this.#events[low] ?? null;
  }

  /** Where to go on after what was lost. */
  get oldestPosition(): number {
    return this.#lost;
  }

  idOf(seq: number): string {
    return `${this.#name}-${seq}`;
  }

  /** The position that an id stands for; null when it is none of this log's. */
  positionOf(id: string): number | null {
    const [, name, seq] = /^(.+)-(\d{1,15})$/.exec(id) ?? [];
    return name === this.#name && Number(seq) <= this.#newest ? Number(seq) : null;
  }

  #remove(at: number): boolean {
    const [gone] = this.#events.splice(at, 1);
    if (gone) this.#size -= sizeOf(gone);
    return gone !== undefined;
  }

  #frameOf(kind: string, data: unknown): string {
    return frameOf(this.idOf(this.#newest), kind, data);
  }
}

/** One event in the words of the protocol. */
export function frameOf(id: string, kind: string, data: unknown): string {
  return `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Each of these makes up for all before it. */
const isWhole = (kind: string): boolean => kind === 'status' || kind === 'problem';

const sizeOf = ({ frame, lean }: LoggedEvent): number => frame.length + (lean === frame ? 0 : lean.length);
