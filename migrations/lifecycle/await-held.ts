import type { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { MoveFailedError } from './errors.ts';
import type { ControlStore } from './store.ts';

/** Proxies say that they follow; that one is gone, or that its lease is over, nobody says. */
const LOOK_MS = 10;

/** Who waits for proxies, and is told when one has followed. */
export class ProxyWatch {
  private readonly store: ControlStore;
  private readonly acks: EventEmitter | null;

  private constructor(store: ControlStore, acks: EventEmitter | null) {
    this.store = store;
    this.acks = acks;
  }

  /**
   * Listens from now on, so that nothing of that is left to do while writes wait.
   *
   * @throws UnreachableDatabaseError
   */
  static async begin(store: ControlStore, signal: AbortSignal): Promise<ProxyWatch> {
    const [acks] = await Promise.all([store.listenForAcks(signal), store.warmUp()]);
    return new ProxyWatch(store, acks);
  }

  /** For a change that was cut off: there is no hold to wait for any more. */
  static idle(store: ControlStore): ProxyWatch {
    return new ProxyWatch(store, null);
  }

  /**
   * Waits until every live proxy follows the journal up to `seq`.
   *
   * @param decideBy by `performance.now()`
   * @throws MoveFailedError naming those that did not
   */
  async awaitHeld(seq: number, decideBy: number): Promise<void> {
    for (;;) {
      const over = new AbortController();
      // Before it looks: who follows meanwhile must not be missed.
      const told = this.told(over.signal);
      try {
        const late = (await this.store.liveProxies()).filter((proxy) => proxy.acked < seq);
        if (late.length === 0) return;
        if (performance.now() > decideBy) throw tooLate(late.map(({ id }) => id));
        await Promise.race([told, pause(LOOK_MS, undefined, { signal: over.signal })]);
      } finally {
        over.abort();
      }
    }
  }

  private told(signal: AbortSignal): Promise<void> {
    const { acks } = this;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (!acks) return promise;
    const wake = (): void => resolve();
    acks.once('wake', wake);
    signal.addEventListener('abort', () => acks.off('wake', wake), { once: true });
    return promise;
  }
}

const tooLate = (names: readonly string[]): MoveFailedError =>
  new MoveFailedError(
    `proxy ${names.join(', ')} did not hold its writes in time: a running write takes too long, or the proxy is stuck`,
    true,
  );
