import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { applyChanges } from '../../apply/apply.ts';
import type { Change, ChangedKey } from '../../databases/database.ts';
import { Retries, tryAgain } from '../../parking/retry.ts';
import { keepHouse, lagOf } from '../../relay/relay.ts';
import type { BeginRound, RelayObserver } from '../../relay/relay.ts';
import type { Stream } from '../../relay/stream.ts';
import { together } from '../../relay/together.ts';
import { Link } from './connect.ts';
import { DeliveryError } from './errors.ts';
import { Inbox } from './inbox.ts';
import { Publisher } from './publish.ts';
import type { RabbitmqSettings } from './schema.ts';
import { declare, deletePast, empty, namesOf, takeTurn } from './topology.ts';

const POLL_MS = 20;
const OBSERVE_MS = 100;
/** How often an idle stream moves its position on and purges. */
const HOUSEKEEPING_MS = 1000;
const RETRY_MS = 100;
const TURN_MS = 500;
/** Changes that are applied in one transaction; fewer only at the end of a round, or when no more come for a while. */
const BATCH = 1000;
const GATHER_MS = 20;
/** What was refused is tried once more at the end of its round, when all that belongs to it is there: so much of it. */
const REFUSED = 1000;
/** Rounds that are published and not applied yet; then the owner's changes wait where they are safe. */
const MOST_ROUNDS = 2;
/** What was published and has not come by then is published again. */
const DELIVERY_MS = 15_000;

/** What was read from the owner in one go: once everything up to `last` is applied, the position is `to`. */
interface Round {
  from: string;
  to: string;
  /** Place of its last change. */
  last: number;
  tell: (() => void)[];
}

/** Somebody else moved the follower's position, as a cutover does: what is under way starts from the wrong place. */
class PositionMovedError extends Error {}

export interface SessionOptions {
  stream: Stream;
  settings: RabbitmqSettings;
  observe: RelayObserver;
  beginRound: BeginRound;
  /** Called once changes get through. */
  onOpen: () => void;
}

/**
 * One run over the bus: takes the turn for the stream, empties its queues, publishes everything since the follower's
 * position, numbered, and applies what comes back in that order. The bus holds nothing that the owner's database does
 * not hold too, so whatever happens to a run, the next one begins at the position, and marks make the rest harmless.
 *
 * @throws BrokerError; StaleEpochError when the owner changed; any database error as it came
 */
export async function runSession(options: SessionOptions, signal: AbortSignal): Promise<void> {
  const { stream, settings } = options;
  const name = `${stream.migration} epoch ${stream.epoch}`;
  const names = namesOf(settings, stream.migration, stream.epoch);
  const taking = await Link.open(settings.url, `${name}: consume`);
  try {
    await declare(taking, names);
    while (!(await takeTurn(taking, names))) {
      await Promise.race([pause(TURN_MS, undefined, { signal }), taking.broken]);
    }
    await deletePast(taking, settings, stream.migration, stream.epoch);
    await empty(taking, names);
    // A connection of its own: a broker that is short of memory stops reading from whoever publishes.
    const giving = await Link.open(settings.url, `${name}: publish`);
    try {
      const run = randomUUID();
      const publisher = await Publisher.open(giving, names, run);
      const inbox = await Inbox.open(taking, names, run, settings.prefetch);
      const session = new Session(options, publisher, inbox, taking.where);
      const broken = (): Promise<never> => Promise.race([giving.broken, taking.broken]);
      await together([(inner) => untilAborted(broken(), inner), (inner) => session.run(inner)], signal);
    } catch (error) {
      if (!(error instanceof PositionMovedError)) throw error;
    } finally {
      await giving.close();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await taking.close();
  }
}

class Session {
  private readonly stream: Stream;
  private readonly options: SessionOptions;
  private readonly publisher: Publisher;
  private readonly inbox: Inbox;
  private readonly where: string;
  private readonly rounds: Round[] = [];
  private published = 0;
  private applied = 0;
  private unreadable = 0;
  private reportedUnreadable = 0;
  private refused: ChangedKey[] = [];
  private movedAt = performance.now();

  constructor(options: SessionOptions, publisher: Publisher, inbox: Inbox, where: string) {
    this.stream = options.stream;
    this.options = options;
    this.publisher = publisher;
    this.inbox = inbox;
    this.where = where;
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.open(signal);
    if (signal.aborted) return;
    this.options.onOpen();
    const retries = new Retries(this.stream);
    await together(
      [
        (inner) => this.publishing(inner),
        (inner) => this.applying(inner),
        (inner) => this.every(OBSERVE_MS, inner, () => this.report()),
        (inner) => this.every(RETRY_MS, inner, () => retries.whenDue()),
        (inner) => this.every(HOUSEKEEPING_MS, inner, () => keepHouse(this.stream)),
      ],
      signal,
    );
  }

  private async open(signal: AbortSignal): Promise<void> {
    await this.publisher.hello(signal);
    while (!this.inbox.isOpen && !signal.aborted) await this.listen(signal);
  }

  private async publishing(signal: AbortSignal): Promise<void> {
    const { source, target, migration, epoch } = this.stream;
    const side = await target.sideState(migration);
    const origin = { migration, epoch, side: source.label };
    let position = side?.position ?? '';
    let idleAt = 0;
    while (!signal.aborted) {
      const tell = this.options.beginRound();
      if (this.rounds.length < MOST_ROUNDS) {
        const { changes } = await source.pending(migration, position);
        if (changes > 0 || performance.now() >= idleAt) {
          const to = await source.readChanges(migration, position, async (batch) => {
            signal.throwIfAborted();
            if (this.published === this.inbox.taken) this.movedAt = performance.now();
            const before = this.published;
            this.published += batch.length;
            await this.publisher.publish(origin, batch, before, signal);
          });
          signal.throwIfAborted();
          this.rounds.push({ from: position, to, last: this.published, tell: [] });
          position = to;
          idleAt = performance.now() + HOUSEKEEPING_MS;
        }
        if (tell) await this.tellOnceApplied(tell);
        this.inbox.news.ring();
      }
      await rest(POLL_MS, signal);
    }
  }

  private async tellOnceApplied(tell: () => void): Promise<void> {
    const newest = this.rounds.at(-1);
    if (newest) newest.tell.push(tell);
    else await this.tellApplied([tell]);
  }

  private async applying(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.keepUnreadable(signal);
      const place = await this.nextPlace(signal);
      // Whatever came meanwhile and is unreadable must not be acknowledged together with what is taken.
      if (place === null || this.inbox.unreadable.length > 0) continue;
      const { changes, acknowledge } = this.inbox.take(place);
      const reached = this.rounds.filter(({ last }) => last <= place);
      await this.apply(changes, reached);
      acknowledge();
      this.applied += changes.length;
      this.movedAt = performance.now();
      this.rounds.splice(0, reached.length);
      await this.tellApplied(reached.flatMap(({ tell }) => tell));
    }
  }

  /** Up to where to apply now: whole rounds if they fit into a batch. Null when there is nothing yet. */
  private async nextPlace(signal: AbortSignal): Promise<number | null> {
    const { inbox } = this;
    const whole = (): number | undefined =>
      this.rounds.findLast(({ last }) => last <= Math.min(inbox.reach, inbox.taken + BATCH))?.last;
    const part = (): number => Math.min(inbox.reach, inbox.taken + BATCH);
    const isFull = (): boolean => part() === inbox.taken + BATCH;
    if (part() === inbox.taken && whole() === undefined) await this.listen(signal);
    const giveUpAt = performance.now() + GATHER_MS;
    while (part() > inbox.taken && whole() === undefined && !isFull() && !signal.aborted) {
      if (performance.now() >= giveUpAt) break;
      await inbox.news.wait(giveUpAt - performance.now(), signal);
    }
    return whole() ?? (part() > inbox.taken ? part() : null);
  }

  /** Changes, their marks, and how far they go, in one transaction. */
  private async apply(changes: readonly Change[], reached: readonly Round[]): Promise<void> {
    const { target, migration, epoch, mapping } = this.stream;
    const [first, last] = [reached[0], reached.at(-1)];
    await target.applying(migration, epoch, async (applier) => {
      if (changes.length > 0) {
        const refused = await applyChanges(applier, mapping, changes);
        this.refused.push(...refused.slice(0, REFUSED - this.refused.length));
      }
      if (!first || !last) return;
      if (this.refused.length > 0) await tryAgain(applier, mapping, await applier.newestParked(this.refused));
      this.refused = [];
      // Never back: what lies before the position must not be read again in a later epoch.
      if (applier.position !== first.from) throw new PositionMovedError();
      await applier.savePosition(last.to);
    });
  }

  /** What is parked was taken and is not there; asked last, so that nothing is parked afterwards unseen. */
  private async tellApplied(tell: readonly (() => void)[]): Promise<void> {
    if (tell.length === 0) return;
    const { target, migration } = this.stream;
    if ((await target.parkedChanges(migration, 1)).length === 0) for (const each of tell) each();
  }

  /** What is unreadable of this run leaves a gap that only a new run can fill. */
  private async keepUnreadable(signal: AbortSignal): Promise<void> {
    for (let next = this.inbox.unreadable.shift(); next; next = this.inbox.unreadable.shift()) {
      await this.publisher.keepUnreadable(next.content, next.queue, next.reason, signal);
      if (signal.aborted) return;
      next.acknowledge();
      this.unreadable += 1;
      if (next.isOurs) {
        await this.report(); // the run ends here, and its count with it
        const words = `a change in queue "${next.queue}" cannot be read (${next.reason}); it is published again`;
        throw new DeliveryError(this.where, words);
      }
    }
  }

  private async listen(signal: AbortSignal): Promise<void> {
    await this.inbox.news.wait(1000, signal);
    const isWaiting = !this.inbox.isOpen || this.published > this.inbox.taken;
    if (isWaiting && performance.now() - this.movedAt > DELIVERY_MS) {
      const missing = `what was published did not come back for ${DELIVERY_MS / 1000} s`;
      throw new DeliveryError(this.where, `${missing}; it is published again`);
    }
  }

  private async report(): Promise<void> {
    const lag = await lagOf(this.stream);
    const { applied } = this;
    this.applied = 0;
    const fresh = this.unreadable - this.reportedUnreadable;
    this.reportedUnreadable = this.unreadable;
    this.options.observe(lag, applied, this.remark(), fresh);
  }

  private remark(): string {
    const remarks: string[] = [];
    if (this.unreadable > 0)
      remarks.push(`${this.unreadable} messages of somebody else were put aside as unreadable`);
    const missed = this.publisher.missedCopies;
    if (missed > 0) remarks.push(`${missed} copies for other consumers were refused by their queues`);
    return remarks.join('; ');
  }

  private async every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await work();
      await rest(ms, signal);
    }
  }
}

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined);

/** Ends with the signal, or with the error of a promise that can only fail. */
async function untilAborted(failing: Promise<never>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    failing.catch(reject);
  });
}
