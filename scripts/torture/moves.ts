import { setTimeout as pause } from 'node:timers/promises';
import { ControlClient } from '../commands/client.ts';
import type { Schemas } from '../commands/client.ts';
import type { SideName } from './sides.ts';

export const MIGRATION = 'torture';
const LOOK_MS = 50;

export type Status = Schemas['MigrationStatus'];
type Verb = Schemas['Verb'];

/** Something that had to become true did not. */
export class NeverError extends Error {
  override name = 'NeverError';
}

/** Moves the migration there and back by the control API, as a person would, and knows where it stands. */
export class Moves {
  readonly done = new Map<Verb, number>();
  /** Given up by the product itself: everything stayed as it was. */
  aborted = 0;
  refused = 0;
  /** On a machine that is busy with other things, too: only what never comes is to be found. */
  readonly patienceMs: number;
  private readonly client: ControlClient;
  private readonly say: (line: string) => void;
  private queue: Promise<unknown> = Promise.resolve();
  private stopping = false;
  /** Under load a comparison may take very long: a move that wants one has the writers rest. */
  private quietly: <T>(work: () => Promise<T>) => Promise<T> = (work) => work();

  /** @param patienceMs how long something may take that has to come */
  constructor(url: string, patienceMs: number, say: (line: string) => void) {
    this.patienceMs = patienceMs;
    this.client = new ControlClient(url, undefined, 'torture');
    this.say = say;
  }

  restFor(quietly: <T>(work: () => Promise<T>) => Promise<T>): void {
    this.quietly = quietly;
  }

  /** Null while the control process is away. */
  status(): Promise<Status | null> {
    return this.client.migration(MIGRATION).catch(() => null);
  }

  async owner(): Promise<SideName> {
    return (await this.until('it is known who the owner is', () => true)).owner;
  }

  /** @throws NeverError */
  async until(
    what: string,
    fits: (status: Status) => boolean,
    patienceMs = this.patienceMs,
  ): Promise<Status> {
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      const status = await this.status();
      if (status && fits(status)) return status;
      if (performance.now() > giveUpAt) {
        throw new NeverError(
          `${what}: not within ${patienceMs / 1000} s; the status is ${JSON.stringify(briefly(status))}`,
        );
      }
      await pause(LOOK_MS);
    }
  }

  /** Makes one move; says `done`, `aborted`, or why it was refused. */
  async make(verb: Verb): Promise<string> {
    try {
      const outcome = await this.client.move(MIGRATION, { verb });
      if (outcome.done) this.done.set(verb, (this.done.get(verb) ?? 0) + 1);
      else {
        this.aborted += 1;
        this.say(`the ${verb} was taken back: ${outcome.detail}`);
      }
      return outcome.done ? 'done' : 'aborted';
    } catch (error) {
      this.refused += 1;
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Makes a move again and again until it is done. */
  async insist(verb: Verb): Promise<void> {
    const giveUpAt = performance.now() + this.patienceMs;
    for (;;) {
      const came = await this.make(verb);
      if (came === 'done') return;
      if (/verify/.test(came)) await this.quietly(() => this.verify());
      if (performance.now() > giveUpAt) throw new NeverError(`${verb}: ${came}`);
      await pause(200);
    }
  }

  /** The next change of owner: there, or back. One at a time, whoever asks. */
  changeOwner(): Promise<string> {
    const turn = this.queue.then(async () => {
      const status = await this.until('no move is under way', ({ moving }) => moving === null);
      const verb = status.owner === 'monolith' ? 'cutover' : 'rollback';
      const came = await this.make(verb);
      if (came !== 'done' && /verify/.test(came)) await this.quietly(() => this.verify());
      return came === 'done' ? `${verb} done` : `${verb}: ${came}`;
    });
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /** Changes the owner, however often it takes. */
  async changeOwnerSurely(): Promise<void> {
    const giveUpAt = performance.now() + this.patienceMs;
    for (;;) {
      const came = await this.changeOwner();
      if (came.endsWith('done')) return;
      if (performance.now() > giveUpAt) throw new NeverError(`the owner does not change: ${came}`);
      await pause(100);
    }
  }

  /** Nobody but the caller moves until `work` has ended. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work);
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /** Compares both sides by the product; gives its record. */
  async verify(): Promise<NonNullable<Status['verify']>> {
    const before = (await this.until('the control API answers', () => true)).verify?.at;
    await this.client.verify(MIGRATION, { repair: false, dryRun: false }).catch(() => undefined);
    const { verify } = await this.until(
      'the product has verified',
      (status) => status.verify !== null && status.verify.at !== before && status.verify.state !== 'running',
    );
    return verify as NonNullable<Status['verify']>;
  }

  /** Moves there and back until `stop`, with pauses. */
  async backAndForth(pauseMs: () => number): Promise<void> {
    while (!this.stopping) {
      await pause(pauseMs());
      if (!this.stopping) await this.changeOwner().catch((error: Error) => this.say(error.message));
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.queue;
  }
}

/** What of a status tells why it does not fit. */
function briefly(status: Status | null): unknown {
  if (!status) return 'not to be had: the control API does not answer';
  const { stage, owner, epoch, moving, sync, verify } = status;
  return { stage, owner, epoch, moving, sync, verify: verify && { state: verify.state, details: verify } };
}
