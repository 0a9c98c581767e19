/** A Close frame of a server with status 1001, "going away" (RFC 6455 §7.4.1). */
export const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

const LONGEST_HEAD = 14;

/**
 * Follows the frames in one direction of a WebSocket, so that one of our own can go in between two of them. It
 * reads lengths only: what the frames hold, and whether they make sense, is the business of the two ends.
 */
export class FrameBorders {
  readonly #head = Buffer.alloc(LONGEST_HEAD);
  #headBytes = 0;
  #payloadLeft = 0;

  /** Nothing of a frame has been seen whose end has not. */
  get atBorder(): boolean {
    return this.#headBytes === 0 && this.#payloadLeft === 0;
  }

  /** Takes all of what came. */
  follow(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) at = this.#step(chunk, at);
  }

  /** Takes what came up to the first border and says how much that is; everything when there is none. */
  followToBorder(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.atBorder) at = this.#step(chunk, at);
    return at;
  }

  #step(chunk: Buffer, at: number): number {
    if (this.#payloadLeft > 0) {
      const taken = Math.min(this.#payloadLeft, chunk.length - at);
      this.#payloadLeft -= taken;
      return at + taken;
    }
    this.#head[this.#headBytes] = chunk[at] ?? 0;
    this.#headBytes += 1;
    const payload = payloadOf(this.#head.subarray(0, this.#headBytes));
    if (payload !== null) {
      this.#payloadLeft = payload;
      this.#headBytes = 0;
    }
    return at + 1;
  }
}

/** The length of the payload; null while the head is not complete. */
function payloadOf(head: Buffer): number | null {
  const second = head[1];
  if (second === undefined) return null;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const maskBytes = second & 0x80 ? 4 : 0;
  if (head.length < 2 + lengthBytes + maskBytes) return null;
  if (lengthBytes === 0) return short;
  return lengthBytes === 2 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
}
