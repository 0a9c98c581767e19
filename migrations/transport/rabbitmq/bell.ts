/** Lets one loop sleep until something happened. A ring that nobody waits for is kept. */
export class Bell {
  private isRung = false;
  private wake: () => void = () => undefined;

  ring(): void {
    this.isRung = true;
    this.wake();
  }

  /** Ends at the next ring, after `ms`, or when `signal` aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.isRung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', this.wake, { once: true });
      });
      signal.removeEventListener('abort', this.wake);
    }
    this.isRung = false;
  }
}
