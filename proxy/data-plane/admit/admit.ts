import type { Exchange } from '../exchange.ts';

/** What a gateway asks of a client before anything is decided. Off until configured. */
export class Admission {
  /** Fills in `claims`, `answerHeaders` or, when the client may not ask, `problem`. */
  admit(_exchange: Exchange): Promise<void> | void {
    // Nothing is asked of anybody.
  }
}
