/** Why a connection went from the fast lane to the general one; it stays there. */
export type HandOver = 'not plain' | 'too large' | 'several at once' | 'slow head' | 'switched off';

/** How many requests each lane has carried, and why connections changed over. */
export class LaneCounts {
  fast = 0;
  general = 0;
  readonly handedOver = new Map<HandOver, number>();

  handOver(why: HandOver): void {
    this.handedOver.set(why, (this.handedOver.get(why) ?? 0) + 1);
  }
}
