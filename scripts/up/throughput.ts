const WINDOW_MS = 10_000;

/** Makes a rate of a count that grows. */
export class Throughput {
  private readonly seen: { at: number; count: number }[] = [];

  /** How much the count grew per second, over the last ten seconds. */
  rate(count: number, now = performance.now()): number {
    const [newest] = this.seen.slice(-1);
    if (!newest || now - newest.at >= WINDOW_MS / 20) this.seen.push({ at: now, count });
    while (this.seen.length > 1 && now - (this.seen[1]?.at ?? now) >= WINDOW_MS) this.seen.shift();
    const [oldest] = this.seen;
    if (!oldest || now <= oldest.at) return 0;
    return Math.round(((count - oldest.count) / (now - oldest.at)) * 10_000) / 10;
  }
}
