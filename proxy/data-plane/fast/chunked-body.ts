/** Where in a chunked body the next byte lies. */
type Place = 'size' | 'extension' | 'size LF' | 'data' | 'data CR' | 'data LF' | 'behind the chunks';

const [CR, LF, TAB, BLANK, TILDE, SEMICOLON] = [13, 10, 9, 32, 126, 59];
/** Sixteen to this power is still exact. */
const MOST_DIGITS = 12;
const LONGEST_EXTENSION = 1024;
const MOST_TRAILER_BYTES = 16 * 1024;
const TRAILERS = /^(?:[!#$%&'*+.^`|~\w-]+:[\t -~\x80-\xff]*\r\n)*\r\n$/;

/**
 * Follows a chunked body (RFC 9112 §7.1) byte for byte to its end, without taking it apart: the chunks go on as they
 * came. Sizes in hexadecimal digits only, lines that end in CRLF only.
 */
export class ChunkedBody {
  #place: Place = 'size';
  #digits = 0;
  #left = 0;
  #extensionBytes = 0;
  #behind = '';
  #trailers: string | null = null;
  #isBroken = false;

  /** It could be read in two ways; nothing of it may be believed any more. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** The lines behind the chunks, without the empty one; null before the end. */
  get trailers(): string | null {
    return this.#trailers;
  }

  /**
   * Takes what came, up to the end of the last chunk's line, and says how much that is. What comes behind it goes to
   * `followTrailers`.
   */
  follow(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && !this.#isBroken && this.#place !== 'behind the chunks') {
      if (this.#place === 'data') {
        const taken = Math.min(this.#left, bytes.length - at);
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) this.#place = 'data CR';
      } else {
        this.#step(bytes[at] ?? 0);
        at += 1;
      }
    }
    return at;
  }

  /** All chunks have come; only trailers may follow. */
  get isBehindChunks(): boolean {
    return this.#place === 'behind the chunks';
  }

  /** Takes what stands behind the chunks and says how much of it belongs to this body. */
  followTrailers(bytes: Uint8Array): number {
    const before = this.#behind.length;
    this.#behind += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    const isEmpty = this.#behind.startsWith('\r\n');
    const end = isEmpty ? 2 : this.#behind.indexOf('\r\n\r\n') + 4;
    if (!isEmpty && end === 3) {
      this.#isBroken = this.#behind.length > MOST_TRAILER_BYTES;
      return bytes.length;
    }
    const all = this.#behind.slice(0, end);
    this.#isBroken = !TRAILERS.test(all);
    this.#trailers = all.slice(0, -2);
    return end - before;
  }

  #step(byte: number): void {
    switch (this.#place) {
      case 'size':
        return this.#readSize(byte);
      case 'extension':
        return this.#readExtension(byte);
      case 'size LF':
        if (byte === LF) this.#beginChunk();
        else this.#isBroken = true;
        return;
      case 'data CR':
        return this.#expect(byte, CR, 'data LF');
      case 'data LF':
        return this.#expect(byte, LF, 'size');
      case 'data':
      case 'behind the chunks':
        return;
    }
  }

  #readSize(byte: number): void {
    const digit = digitOf(byte);
    if (digit !== -1) {
      this.#left = this.#left * 16 + digit;
      this.#digits += 1;
      this.#isBroken = this.#digits > MOST_DIGITS;
    } else if (this.#digits === 0) this.#isBroken = true;
    else if (byte === CR) this.#place = 'size LF';
    else if (byte === SEMICOLON) this.#place = 'extension';
    else this.#isBroken = true;
  }

  #readExtension(byte: number): void {
    this.#extensionBytes += 1;
    if (byte === CR) this.#place = 'size LF';
    else if (this.#extensionBytes > LONGEST_EXTENSION) this.#isBroken = true;
    else if (byte !== TAB && (byte < BLANK || byte > TILDE)) this.#isBroken = true;
  }

  #beginChunk(): void {
    this.#place = this.#left === 0 ? 'behind the chunks' : 'data';
    this.#digits = 0;
    this.#extensionBytes = 0;
  }

  #expect(byte: number, wanted: number, next: Place): void {
    if (byte === wanted) this.#place = next;
    else this.#isBroken = true;
  }
}

function digitOf(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
