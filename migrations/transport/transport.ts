import type { RelayObserver, BeginRound } from '../relay/relay.ts';
import type { Stream } from '../relay/stream.ts';

/**
 * How changes get from the owner to the follower. Whatever the way, what reaches the follower is applied under its
 * marks, and its position moves in the transaction that applies everything before it.
 */
export interface Transport {
  /**
   * Carries changes until `signal` aborts.
   *
   * @throws StaleEpochError when the owner changed: the stream is over; any other error as it came, to be tried again
   */
  carry(stream: Stream, observe: RelayObserver, signal: AbortSignal, beginRound: BeginRound): Promise<void>;
  close(): Promise<void>;
}
